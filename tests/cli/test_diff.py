"""``smplprep diff`` as a user sees it."""

from __future__ import annotations

from command_line import run


def test_diff_refuses_an_output_before_the_work(small_file, tmp_path):
    (tmp_path / "d.json").write_text("mine")
    done = run("diff", small_file, tmp_path / "gone.npz", "-o", tmp_path / "d.html")
    assert done.returncode == 4
    assert "d.json: the output exists already" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["d.json"]


def test_diff_says_where_both_of_its_files_are(small_file, tmp_path):
    done = run("diff", small_file, small_file, "-o", tmp_path / "d.html")
    assert done.stdout.splitlines()[-2:] == [
        f"report: {tmp_path}/d.json",
        f"page:   {tmp_path}/d.html",
    ]
    assert (tmp_path / "d.json").exists()


def test_diff_writes_a_page_to_nothing_but_a_page(small_file, tmp_path):
    done = run("diff", small_file, small_file, "-o", tmp_path / "d.txt")
    assert done.returncode == 2
    assert "-o must name an .html file, got" in done.stderr
    assert not list(tmp_path.glob("d.*"))
