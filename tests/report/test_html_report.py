"""The page without a browser: self-contained, true to the JSON, and the same bytes again."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner
from small_files import arrays, as_npz

from smplprep import Options, Report, read_model
from smplprep.audit.support import support_of
from smplprep.cli.main import smplprep
from smplprep.errors import install
from smplprep.jobs.clean_file import clean_file
from smplprep.jobs.pipeline import clean
from smplprep.report.html import render
from smplprep.report.html.figures import figures, gradient_ticks, mass_per_joint
from smplprep.report.html.render import plotly_script, render_page
from smplprep.report.pictures import draw_report
from smplprep.report.verdict import cost, verdict
from smplprep.report.viewer import dense_rows, on_grid, unpacked

pytestmark = pytest.mark.slow

pytest.importorskip("plotly")


class Tables(HTMLParser):
    """id of each table -> its body rows; a cell is the number of its data element, or its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str | float]]] = {}
        self.rows: list[list[str | float]] = []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "table":
            self.rows = self.found.setdefault(given.get("id", ""), [])
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True
        elif tag == "data":
            self.rows[-1][-1] = float(given["value"]) if given["value"] else None
            self.inside = False

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside and self.rows:
            self.rows[-1][-1] += data

    def body(self, name: str) -> list[list[str | float]]:
        return self.found[name][1:]


@pytest.fixture
def small_model_file(tmp_path, monkeypatch):
    (tmp_path / "raw.npz").write_bytes(as_npz(arrays()))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "raw.npz"


@pytest.fixture(scope="module")
def cleaned(standin):
    return clean(standin)


@pytest.fixture(scope="module")
def report(cleaned):
    return json.loads(cleaned[1].to_json())


@pytest.fixture(scope="module")
def page(report):
    return own_part(report, name="SMPLH_NEUTRAL_clean")


@pytest.fixture(scope="module")
def tables(page):
    return Tables(page)


def own_part(report, name: str) -> str:
    """The page but for plotly's script, which is there once."""
    before, after = render_page(report, name=name).split(plotly_script())
    assert before.endswith(b"<script>")
    assert after.startswith(b"</script>")
    return (before + after).decode()


def test_page_is_one_small_file_that_asks_no_host(page, report):
    assert 4e6 < len(plotly_script()) < 8e6 - len(page.encode())
    assert not re.search(r"(src|href)\s*=\s*[\"']?(?!#|data:)\w*:?//", page)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page
    assert len(json.dumps(report)) < 1.5e6


def test_page_holds_the_report_as_it_is(page, report):
    found = re.search(r'id="report-data">(.*?)</script>', page, re.S)
    assert json.loads(found[1]) == report


def test_first_screen_says_the_verdict(page, report):
    assert "21 of 21 landmarks leaked; none does now." in page
    cost = r"Vertices moved 2\.2 mm on average, 51\.7 mm at most, at the right ankle: "
    link = '<a href="#body" data-vertex="{}">see why</a>'.format(
        report["displacement"]["max_vertex"]
    )
    assert re.search(cost + link, page)
    assert page.index('id="verdict"') < page.index('id="body"') < page.index('id="before-after"')


def test_options_are_called_by_their_flags(page, report):
    named = re.findall(r"<dt>--([a-z-]+)</dt><dd>(.*?)</dd>", page)
    assert len(named) == len(report["options"])
    assert ("tol", "0.01") in named
    assert ("keep-joints", "none") in named


def test_tables_hold_the_numbers_of_the_json(tables, report):
    joints = report["regressor"]
    mass = report["changes"][0]["mass_dropped_per_joint"]
    assert tables.body("joints") == [
        [
            row["joint"],
            mass[index],
            row["vertices_before"],
            row["vertices_after"],
            row["max_shift_mm"],
            report["changes"][2]["energy_kept_per_joint"][index - 1] if index else None,
        ]
        for index, row in enumerate(joints)
    ]
    assert tables.body("moved-most") == [
        [row["vertex"], row["max_mm"], row["joint"], row["landmark"] or ""]
        for row in report["moved_most"]
    ]
    assert [row[:4] for row in tables.body("landmarks")] == [
        [row["landmark"], row["vertex"], len(row["before"]["leaks"]), len(row["after"]["leaks"])]
        for row in report["landmarks"]
    ]
    moved = report["displacement"]
    expected = ["in all", moved["mean_mm"], moved["p99_mm"], moved["max_mm"]]
    assert tables.body("displacement")[-1] == expected
    assert report["moved_most"][0]["max_mm"] == moved["max_mm"]
    assert len(report["moved_most"]) == 50


def test_strongest_leak_of_a_landmark_is_the_largest_of_its_leaks(tables, report):
    joints = report["gradients"]["joints"]
    nose = dict(zip(joints, report["gradients"]["before"][0], strict=True))
    leaks = report["landmarks"][0]["before"]["leaks"]
    assert tables.body("landmarks")[0][4] == max(nose[joint] for joint in leaks) > 0
    assert all(row[5] == 0 for row in tables.body("landmarks"))


def test_gradients_are_zero_exactly_outside_the_support(standin, cleaned, report):
    vertices = list(standin.family.landmarks.values())
    for when, model in (("before", standin), ("after", cleaned[0])):
        support = support_of(model, vertices)
        found = np.array(report["gradients"][when]) != 0
        assert np.array_equal(found[:, 1:], (support.weights | support.posedirs)[:, 1:])


def test_distributions_count_every_weight_and_vertex(standin, report):
    for when in ("before", "after"):
        counts = report["influences"][when]
        n_weights = report["summary"][when]["weights_nonzeros"]
        assert sum(report["weights_histogram"][when]) == n_weights
        assert sum(counts) == standin.n_vertices
        assert sum(n * count for n, count in enumerate(counts)) == n_weights


def test_viewer_gives_both_models_back(standin, cleaned, report):
    viewer = report["viewer"]
    for when, model in (("before", standin), ("after", cleaned[0])):
        stored = dense_rows(viewer["weights"][when], 52)
        assert np.array_equal(stored, model.weights.astype(np.float32))
    apart = unpacked(viewer["rest"]["before"]) - standin.v_template
    assert np.abs(apart).max() <= viewer["rest"]["before"]["step"] / 2 + 1e-9
    assert viewer["rest"]["after"] is None
    assert np.array_equal(unpacked(viewer["faces"]), standin.f)
    moved = report["displacement"]
    worst = unpacked(viewer["worst_pose_mm"])
    assert worst.argmax() == moved["max_vertex"]
    assert worst.max() == pytest.approx(moved["max_mm"], abs=2e-3)
    bodies = [unpacked(viewer["worst"][when]) for when in ("before", "after")]
    assert np.linalg.norm(bodies[0] - bodies[1], axis=1).max() * 1000 == pytest.approx(
        moved["max_mm"], abs=0.2
    )


@pytest.mark.parametrize("reach", [0.0, 1e-4, 1.0, 250.0])
def test_a_grid_is_as_coarse_as_its_range_asks_for(reach):
    values = np.linspace(-reach, reach, 101)
    block = on_grid(values, 1e-3)
    assert np.abs(unpacked(block) - values).max() <= block["step"] / 2 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("before", "after", "options", "sentence"),
    [
        (11, 0, {}, "11 of 21 landmarks leaked; none does now."),
        (11, 1, {}, "11 of 21 landmarks leaked; 1 still does."),
        (11, 3, {}, "11 of 21 landmarks leaked; 3 still do."),
        (0, 0, {}, "None of 21 landmarks leaked, and none does now."),
        (11, 0, None, "11 of 21 landmarks leak in A; none leaks in B."),
        (0, 1, None, "None of 21 landmarks leaks in A; 1 leaks in B."),
    ],
)
def test_verdict(before, after, options, sentence):
    summary = {
        "before": {"leaking_landmarks": before},
        "after": {"leaking_landmarks": after, "landmarks": 21},
    }
    given = {"summary": summary, "options": options if options is None else {"tolerance": 0.01}}
    assert verdict(given) == sentence


@pytest.mark.parametrize(
    ("moved", "joint", "options", "sentence"),
    [
        ((2.17, 51.68), "rightFoot", {}, "2.2 mm on average, 51.7 mm at most, at the right ankle"),
        (
            (0.01, 0.4),
            "lring0",
            {},
            "less than 0.1 mm on average, 0.4 mm at most, near joint lring0",
        ),
        ((2.17, 51.68), "head", None, "differ by 2.2 mm on average, 51.7 mm at most, at the head"),
        ((0.0, 0.0), None, {}, "No vertex moved"),
        ((0.0, 0.0), None, None, "No vertex differs"),
    ],
)
def test_cost(moved, joint, options, sentence):
    report = {"displacement": dict(zip(("mean_mm", "max_mm"), moved, strict=True))}
    report |= {"options": options if options is None else {"tolerance": 0.01}}
    report |= {"moved_most": [{"joint": joint}] if joint else []}
    assert cost(report).endswith(sentence)


def test_a_page_names_its_files_and_the_command_that_repeats_the_run(small_model_file, tmp_path):
    points = tmp_path / "my points.json"
    points.write_text('{"tip": 3}')
    options = Options(tolerance=0.02, keep_joints=("j1", "j2"), fill_unweighted=True)
    done = clean_file(
        small_model_file, tmp_path / "out.npz", options, landmarks=points, compress=False
    )
    page = done.html_target.read_text()
    command = unescape(re.search(r'id="command">(.*?)<', page)[1])
    assert command == (
        "smplprep clean raw.npz --tol 0.02 --keep-joints j1,j2 --fill-unweighted -o out.npz "
        "--landmarks 'my points.json' --no-compress"
    )
    assert "Input: <b>raw.npz</b>" in page
    assert "Output: <b>out.npz</b>" in page
    files = {path: path.read_bytes() for path in done.files}
    again = CliRunner().invoke(
        smplprep, [*shlex.split(command)[1:], "--force"], catch_exceptions=False
    )
    assert again.exit_code == 0
    assert {path: path.read_bytes() for path in done.files} == files


def test_panels_of_zeros_are_left_out_with_a_sentence(small_model):
    weights = np.eye(10, 4) + np.eye(10, 4, -4) + np.eye(10, 4, -8)
    data = clean(small_model(weights=weights), Options(regressor="keep", posedirs="keep"))[1].data
    drawn = {trace["name"] for trace in figures(data)["chart-joints"]["data"]}
    assert drawn == {"Before", "After"}
    pytest.importorskip("matplotlib")
    (panel,) = draw_report(data)["joints"].axes
    assert panel.get_ylabel() == "regressor vertices"
    page = own_part(data, name="same")
    for sentence in ("No joint lost a weight", "No joint moves by", "All pose correctives stay"):
        assert sentence in page
    assert "No vertex moved." in page


def test_cells_of_a_matrix_are_spread_over_the_scale_of_their_kind(report):
    """The weakest and the strongest have the ends of the ramp, and ticks lie in between."""
    matrices = [figures(report)[f"chart-gradients-{when}"]["data"] for when in ("before", "after")]
    for before, after in zip(*matrices, strict=True):
        sizes = [size for row in before["z"] + after["z"] for size in row if size is not None]
        assert (min(sizes), max(sizes)) == (before["zmin"], before["zmax"])
        assert (after["zmin"], after["zmax"]) == (before["zmin"], before["zmax"])
        ticks = gradient_ticks(before)
        assert len(ticks) >= 2
        for place, text in ticks:
            at = before["zmin"] + place * (before["zmax"] - before["zmin"])
            assert 10**at == pytest.approx(float(text))
    leaks = [size for row in matrices[1][1]["z"] for size in row if size is not None]
    assert [heat["name"] for heat in matrices[0]] == ["expected", "leak"]
    assert leaks == []


def test_a_model_without_landmarks_has_a_page_too(small_model):
    _, report = clean(small_model())
    data = json.loads(report.to_json())
    jsonschema.validate(data, Report.schema())
    page = own_part(data, name="small")
    assert "No landmarks are known" in page
    assert "chart-gradients-before" not in figures(data)


def test_a_model_too_large_for_a_browser_has_charts_but_no_bodies(small_model, monkeypatch):
    monkeypatch.setattr("smplprep.report.viewer.MAX_VERTICES", 9)
    data = clean(small_model())[1].data
    assert data["viewer"] is None
    page = own_part(data, name="small")
    assert "too many vertices" in page
    assert 'id="stage-before"' not in page


def test_rescued_and_normalized_rows_have_their_tables(small_model):
    weights = np.full((10, 4), 0.25)
    weights[0] *= 0.995
    data = clean(small_model(weights=weights))[1].data
    tables = Tables(own_part(data, name="rows"))
    assert tables.body("normalized") == [[0.0, 0.995]]
    data = clean(small_model(weights=weights), Options(tolerance=0.5))[1].data
    tables = Tables(own_part(data, name="rows"))
    assert [row[0] for row in tables.body("rescued")] == list(range(10))


def test_rows_that_were_filled_hide_no_pruned_mass(small_model):
    weights = np.full((10, 4), 0.25)
    weights[0] = 0.0
    weights[1] = [0.004, 0.332, 0.332, 0.332]
    data = clean(small_model(weights=weights), Options(fill_unweighted=True))[1].data
    assert mass_per_joint(data) == pytest.approx([0.008, 0, 0, 0])  # vertex 0 has the row of 1


def test_names_from_a_hostile_report_stay_text(report):
    hostile = "</script><script>alert(1)</script>"
    data = json.loads(json.dumps(report).replace('"nose"', json.dumps(hostile)))
    page = own_part(data, name=hostile)
    assert "<script>alert(1)" not in page


def test_a_nul_in_a_hostile_report_draws_no_script_to_itself(report):
    """It is what marks the place of plotly's script."""
    data = json.loads(json.dumps(report).replace('"nose"', '"no\\u0000se"'))
    assert data != report
    assert own_part(data, name="a\0b").count("\0") > 1


def test_clean_writes_the_page_and_report_renders_the_same_again(standin_dir, tmp_path):
    source = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz"
    done = clean_file(source, tmp_path / "out.npz")
    assert done.html_target == tmp_path / "out.report.html"
    first = done.html_target.read_bytes()
    again = tmp_path / "again.html"
    arguments = ["report", str(done.report_target), "-o", str(again)]
    result = CliRunner().invoke(smplprep, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert again.read_bytes() == first
    assert str(tmp_path).encode() not in first


def test_no_html_writes_none(standin_dir, tmp_path):
    source = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz"
    done = clean_file(source, tmp_path / "out.npz", html=False)
    assert done.html_target is None
    assert {path.name for path in tmp_path.iterdir()} == {"out.npz", "out.report.json"}


def test_without_the_extra_clean_says_how_to_get_the_page(standin_dir, tmp_path, monkeypatch):
    monkeypatch.setattr("smplprep.report.html.render.can_render", lambda: False)
    source = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz"
    arguments = ["clean", str(source), "-o", str(tmp_path / "out.npz")]
    result = CliRunner().invoke(smplprep, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert f"no HTML page: it needs plotly. Install it with: {install('report')}" in result.output


def test_report_without_the_extra_is_an_error_that_says_what_to_install(report, monkeypatch):
    monkeypatch.setattr(render, "find_spec", lambda name: None)
    with pytest.raises(render.SmplprepError, match="needs plotly") as error:
        render_page(report, name="x")
    assert error.value.hint == f"{sys.executable} -m pip install 'smplprep[report]'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not readable JSON"),
        ("[]", "not a smplprep report"),
        ('{"report_version": 1}', "it lacks smplprep_version"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path, text, message):
    path = tmp_path / "x.report.json"
    path.write_text(text)
    result = CliRunner().invoke(smplprep, ["report", str(path)])
    assert message in str(result.exception)


def test_clean_never_imports_plotly_or_matplotlib(standin_dir, tmp_path):
    code = (
        "import sys; from smplprep.jobs.clean_file import clean_file; clean_file(*sys.argv[1:]);"
        "print({'plotly', 'matplotlib', 'torch', 'smplx'} & set(sys.modules))"
    )
    source = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz"
    command = [sys.executable, "-c", code, str(source), str(tmp_path / "out.npz")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_notebooks_show_the_first_screen(cleaned, monkeypatch):
    shown = cleaned[1]._repr_html_()
    assert "21 of 21 landmarks leaked; none does now." in shown
    assert len(shown) < 10_000
    monkeypatch.setattr(render, "can_render", lambda: False)
    assert cleaned[1]._repr_html_().startswith("<pre>")


@pytest.mark.parametrize("name", ["$x^$", "$", r"\$a$", "_^{}", "語", "%", r"\frac{", "x" * 200])
def test_a_label_is_never_a_formula(report, tmp_path, name):
    """matplotlib reads $x^$ as one that is wrong, which was a fault in smplprep itself."""
    data = json.loads(json.dumps(report))
    old = data["gradients"]["joints"][3]
    text = json.dumps(data).replace(json.dumps(old), json.dumps(name))
    data = json.loads(text)
    data["landmarks"][0]["landmark"] = name
    path = tmp_path / "m.report.json"
    path.write_text(json.dumps(data | {"viewer": None}))
    arguments = ["report", str(path), "--png", str(tmp_path / "figures")]
    result = CliRunner().invoke(smplprep, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert len(list((tmp_path / "figures").iterdir())) == 3


def test_png_of_the_key_figures(report, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "m.report.json"
    path.write_text(json.dumps(report))
    arguments = ["report", str(path), "--png", str(tmp_path / "figures")]
    result = CliRunner().invoke(smplprep, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    names = {file.name for file in Path(tmp_path / "figures").iterdir()}
    assert names == {f"m.{kind}.png" for kind in ("body", "gradients", "joints", "weights")}
    for file in Path(tmp_path / "figures").iterdir():
        assert file.read_bytes().startswith(b"\x89PNG")


def test_points_on_the_face_have_no_vertex_in_the_table(family_dir):
    """An empty cell, which the page's script sorts last; not the word None."""
    data = clean(read_model(family_dir / "smplx" / "SMPLX_NEUTRAL.npz"))[1].data
    page = own_part(data, name="x")
    assert page.count('<data value=""></data>') >= 51
    assert ">None<" not in page


@pytest.mark.parametrize(
    ("options", "drawn"),
    [
        (Options(), True),
        (Options(policy="islands"), False),
        (Options(tolerance=0.0), False),
    ],
)
def test_the_histogram_says_whether_the_tolerance_is_drawn_in(small_model, options, drawn):
    data = clean(small_model(), options)[1].data
    assert ("drawn in" in own_part(data, name="x")) is drawn
    assert ("shapes" in figures(data)["chart-histogram"]["layout"]) is drawn


def test_pictures_of_a_model_with_points_on_its_face(family_dir):
    """They have no vertex that could be marked."""
    pytest.importorskip("matplotlib")
    from matplotlib.collections import PathCollection

    data = clean(read_model(family_dir / "smplx" / "SMPLX_NEUTRAL.npz"))[1].data
    assert any(row["vertex"] is None for row in data["landmarks"])
    panels = draw_report(data)["body"].axes[:2]
    marked = [sum(isinstance(c, PathCollection) for c in panel.collections) for panel in panels]
    assert marked == [21, 21]
