"""The driver of the tests under other kernels: it sets what it says, and it can fail."""

import pytest
from click.testing import CliRunner

from lab.trial import kernels

PLANTED = """
import os


def test_planted():
    assert os.environ.get("OPENBLAS_CORETYPE") != {!r}
"""


def driven(tmp_path, kernel):
    file = tmp_path / "test_planted.py"
    file.write_text(PLANTED.format(kernel))
    return CliRunner().invoke(kernels.main, ["--short", str(file)])


@pytest.mark.slow
def test_a_test_that_fails_under_one_setting_fails_the_run_and_is_named(tmp_path):
    failed = driven(tmp_path, "Haswell")
    assert failed.exit_code == 1
    assert failed.output.endswith("2 settings: 1 failed, AVX2, two threads\n")
    assert "FAILED" in failed.output
    passed = driven(tmp_path, "Cray")
    assert (passed.exit_code, passed.output.splitlines()[-1]) == (0, "2 settings: 0 failed")


def test_the_short_form_is_of_settings_and_files_that_there_are():
    assert set(kernels.SHORT) <= set(kernels.SETTINGS)
    assert set(kernels.FEW) < set(kernels.FILES)
