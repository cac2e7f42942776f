"""``smplprep diff`` as a user sees it."""

from __future__ import annotations

from command_line import run


def test_diff_writes_a_page_to_nothing_but_a_page(small_file, tmp_path):
    done = run("diff", small_file, small_file, "-o", tmp_path / "d.txt")
    assert done.returncode == 2
    assert "-o names the page, FILE.html" in done.stderr
    assert not list(tmp_path.glob("d.*"))
