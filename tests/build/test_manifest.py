"""What a manifest may say, and how a mistake in it is reported."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest

from smplprep.build import toml_lines
from smplprep.build.manifest import READERS, Job, read_manifest
from smplprep.build.toml_lines import line_of
from smplprep.errors import ManifestError
from smplprep.records.options import Options, flag_of


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Reads a manifest's text in a folder with three models."""
    monkeypatch.chdir(tmp_path)
    Path("raw").mkdir()
    for name in ("a.npz", "b.npz", "c.pkl"):
        (Path("raw") / name).touch()

    def read(text: str, name: str = "smplprep.toml") -> list[Job]:
        Path(name).write_text(text)
        return read_manifest(name)

    return read


def test_every_option_is_a_key_under_its_flag():
    names = {name for name, _ in READERS.values()}
    assert {entry.name for entry in fields(Options)} < names
    assert all(flag_of(name) == f"--{key}" for key, (name, _) in READERS.items())
    assert {"tol", "regressor-tol", "normalize-rows", "flat-hands"} < set(READERS)


def test_defaults_and_what_a_model_says_of_itself(read):
    jobs = read(
        """
tol = 0.02
normalize-rows = true
output = "out"
[[model]]
path = "raw/*.npz"
[[model]]
path = ["raw/c.pkl"]
tol = "auto"
max-influences = 4
output = "elsewhere/c.npz"
flat-hands = true
compress = true
pickle = "python2"
keep-objects = true
html = true
"""
    )
    assert [job.path for job in jobs] == ["raw/a.npz", "raw/b.npz", "raw/c.pkl"]
    assert jobs[0].options == Options(tolerance=0.02)
    assert jobs[0].normalize_rows
    assert jobs[0].output == "out/"
    assert jobs[2] == Job(
        "raw/c.pkl",
        output="elsewhere/c.npz",
        options=Options(tolerance="auto", max_influences=4),
        normalize_rows=True,
        flat_hands=True,
        compress=True,
        pickle="python2",
        keep_objects=True,
        html=True,
    )


def test_pyproject_has_it_under_tool_smplprep(read):
    text = '[project]\nname = "x"\n[tool.smplprep]\nhops = 1\n[[tool.smplprep.model]]\npath = "a"\n'
    (job,) = read(text, "pyproject.toml")
    assert job == Job("a", options=Options(hops=1))
    with pytest.raises(ManifestError, match=r"^pyproject.toml:4: unknown key; .* hops \(key hop\)"):
        read(text.replace("hops", "hop"), "pyproject.toml")


def test_a_glob_does_not_match_what_the_build_wrote(read):
    before = read('[[model]]\npath = "raw/*.npz"\n')
    (Path("raw") / "a_clean.npz").touch()
    assert read('[[model]]\npath = "raw/*.npz"\n') == before
    smplx = '[[model]]\npath = "**/*.npz"\nlayout = "smplx"\noutput = "models"\n'
    Path("models/smplh").mkdir(parents=True)
    Path("models/smplh/SMPLH_MALE.npz").touch()
    assert [job.path for job in read(smplx)] == ["raw/a.npz", "raw/a_clean.npz", "raw/b.npz"]


MODEL = '[[model]]\npath = "raw/a.npz"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a = " + "[" * 5000 + "\n", "smplprep.toml: is not valid TOML: nested too deeply"),
        ("tol = \n", "smplprep.toml: is not valid TOML: Invalid value (at line 1, column 7)"),
        ("tol = 0.1\n", "smplprep.toml: it has no [[model]]"),
        (MODEL + "tolerance = 1\n", "smplprep.toml:3: unknown key; the nearest one is tol"),
        (MODEL + "gendre = 1\n", "smplprep.toml:3: unknown key; the nearest one is gender"),
        (MODEL + "xyz = 1\n", "smplprep.toml:3: unknown key (key xyz)"),
        ("path = 'a'\n" + MODEL, "smplprep.toml:1: unknown key (key path)"),
        (
            MODEL + MODEL.replace("a.npz", "b.npz") + "\n# hops = 1\nhops = 2.5\n",
            "smplprep.toml:7: must be an integer, got 2.5 (key hops)",
        ),
        (
            MODEL + "tol = true\n",
            "smplprep.toml:3: must be a number or 'auto', got True (key tol)",
        ),
        (MODEL + "tol = {}\n", "smplprep.toml:3: must be a number or 'auto', got {} (key tol)"),
        (MODEL + "normalize-rows = 1\n", "smplprep.toml:3: must be True or False, got 1"),
        (
            MODEL + "posedirs = 'none'\n",
            "smplprep.toml:3: must be one of local, zero, keep, ",
        ),
        (
            MODEL + "gender = 'x'\n",
            "smplprep.toml:3: must be one of neutral, female, male, ",
        ),
        (MODEL + "hands = ['one']\n", 'smplprep.toml:3: must be two MANO files: ["LEFT", "RIGHT"]'),
        ("[[model]]\ntol = 0.1\n", "smplprep.toml:1: this [[model]] has no path"),
        ("[[model]]\npath = []\n", "smplprep.toml:1: this [[model]] has no path"),
        (
            "model = [1]\n",
            "smplprep.toml:1: 1 is not a table; write each model as [[model]] (key model)",
        ),
        (
            MODEL + "tol = [0.01]\n",
            "smplprep.toml:3: must be a number or 'auto', got [0.01]",
        ),
        (MODEL + "keep-vertices = [3]\n", "smplprep.toml:3: must be a path"),
        (MODEL + "keep-vertices = 'gone'\n", "smplprep.toml:3: gone: there is no such file"),
        ("[[model]]\npath = 'x*'\n", "smplprep.toml:2: no file matches x* (key path)"),
        ("[[model]]\npath = '/x'\n", "smplprep.toml:2: the path must be relative"),
        ("[[model]]\npath = '~/x'\n", "smplprep.toml:2: the path must be relative"),
        (MODEL + MODEL, "smplprep.toml:4: raw/a.npz and raw/a.npz would both be written to raw/"),
        (
            "output = 'o.npz'\n[[model]]\npath = 'raw/*.npz'\n",
            "smplprep.toml:3: 2 models cannot be written to one file, o.npz (key path)",
        ),
    ],
)
def test_an_error_names_file_line_and_key(read, text, sentence):
    with pytest.raises(ManifestError) as caught:
        read(text)
    assert str(caught.value).startswith(sentence)
    assert caught.value.exit_status == 3
    if "unknown key" in sentence:
        assert caught.value.hint.startswith("Keys: ")
        assert "tol, policy, " in caught.value.hint


def test_the_line_is_found_however_the_key_is_written():
    text = 's = """\nhops = 1\n"""\n"hops" = 2\n[[model]]\npath = [\n 1,\n 2]\n'
    text += "[[model]]\n\n# x\na.b = 1\n"
    assert line_of(text, (), "hops") == 4
    assert line_of(text, ("model", 0), "path") == 6
    assert line_of(text, ("model", 1), "a") == 12
    assert line_of(text, ("model", 1), None) == 9
    assert line_of(text, (), "none") is None


def test_a_key_of_3000_models_is_found_by_parsing_a_dozen_texts(read, monkeypatch):
    """Not every prefix of the text, which took 98 s."""
    parsed, loads = [], toml_lines.tomllib.loads
    monkeypatch.setattr(toml_lines, "tomllib", SimpleNamespace(loads=loads))
    monkeypatch.setattr(
        toml_lines.tomllib, "loads", lambda text: parsed.append(len(text)) or loads(text)
    )
    models = [f"[[model]]\npath = 'm{number}.npz'\nhops = 1\n" for number in range(3000)]
    for place in (0, 1500, 2999):
        parsed.clear()
        own = [*models]
        own[place] += "tolerence = 1\n"
        with pytest.raises(ManifestError, match=rf"smplprep\.toml:{3 * place + 4}: unknown key"):
            read("".join(own))
        assert 1 < len(parsed) < 16


@pytest.mark.parametrize(
    ("text", "where", "key", "line"),
    [
        ("a = [\n{x = ']'},\n# ]\n'[', \"[\"]\nb = 1\n", (), "b", 5),
        ("a = '''\n[[b]]\n'''\n\n# c\n  b.c = 1", (), "b", 6),
        ('a = """\\"""\nb = 1\n"""\nb = 2\n', (), "b", 4),
        ('a = """x"""""\nb = 2\n', (), "b", 2),
        ("# 'a\na = 1\n", (), "a", 2),
        ("a = 1\r\nb = 2\r\n", (), "b", 2),
        ("[[m]]\n[m.t]\nx = 1\n[[m]]\n[m.t]\ny = 1\n", ("m", 1, "t"), "y", 6),
    ],
)
def test_the_line_of_a_key_beside_strings_and_brackets(text, where, key, line):
    assert line_of(text, where, key) == line


def test_a_manifest_has_at_most_a_mebibyte_and_a_pattern_one_double_star(read):
    with pytest.raises(ManifestError, match=r"the file has 1048\d\d\d bytes, the limit is 1048576"):
        read(MODEL + "#" * 2**20)
    with pytest.raises(ManifestError, match=r"\*\* more than once"):
        read("[[model]]\npath = '**/**/*.npz'\n")


def test_vertices_are_read_from_their_file(read):
    Path("v.txt").write_text("7\n3\n")
    (job,) = read(MODEL + "keep-vertices = 'v.txt'\n")
    assert job.options == Options(keep_vertices=(3, 7))
    assert job.recipe()["options"]["keep_vertices"] == [3, 7]


def test_a_pyproject_whose_table_is_none(read):
    with pytest.raises(ManifestError, match=r"pyproject\.toml: smplprep is not a table"):
        read("[tool]\nsmplprep = 3\n", "pyproject.toml")


def test_outputs_beside_the_manifest_are_named_without_a_folder(read):
    text = "[[model]]\npath = 'm.npz'\n[[model]]\npath = 'm.pkl'\n"
    with pytest.raises(ManifestError, match=r"m\.npz and m\.pkl would both be written to m_clean"):
        read(text)
