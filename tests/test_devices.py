"""``--device cuda``: no device here, the CPU standing in for one, and rows that were recorded.

Nothing here has been run on an accelerator: what is tested is all but what the frameworks do there.
"""

import json
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from symgrad import cli
from symgrad.checks import Place
from symgrad.court import formats
from symgrad.court.judging.judge import judge
from symgrad.court.questions import Reported, Started
from symgrad.numeric import conversation, transport
from symgrad.numeric.place import DEVICE, beside
from symgrad.numeric.pool import ON_DEVICES, Pool, is_installed
from symgrad.report.document import SCHEMA
from symgrad.studies.atlas import page as atlas_page

torch = pytest.importorskip("torch")
ROOT = Path(__file__).parent.parent
STANDING_IN = "cpu, standing in for cuda"


@pytest.fixture
def standing_in(monkeypatch):
    monkeypatch.setenv(transport.STAND_IN, "cpu")


def needs_no_device():
    if torch.cuda.is_available():
        pytest.skip("there is a device here")


def test_without_a_device_that_is_said_in_one_line(capfd):
    needs_no_device()
    assert cli.main(["det", "-f", "torch", "--device", "cuda"]) == 3
    said = capfd.readouterr()
    assert re.fullmatch(
        r"error: --device cuda: PyTorch \S+ finds no CUDA device here.*\n", said.err
    )
    assert said.out == ""


def test_what_an_atlas_had_is_kept_where_the_device_is_gone(tmp_path, capfd):
    needs_no_device()
    kept = tmp_path / "atlas-cuda.journal"
    kept.write_text("what was done")
    words = ["atlas", "det", "-f", "torch", "--device", "cuda", "--output", str(tmp_path)]
    assert cli.main(words) == 3
    assert capfd.readouterr().err.count("\n") == 1
    assert kept.read_text() == "what was done"


@pytest.mark.parametrize(
    "words",
    [["-f", "numpy"], ["--gradient", "1 0; 0 1", "--matrix", "1 0; 0 1"], ["--prove"], ["--list"]],
    ids=" ".join,
)
def test_what_is_asked_on_no_device(words, standing_in, capfd):
    assert cli.main(["det", *words, "--device", "cuda"]) == 2
    assert capfd.readouterr().err.count("--device cuda") == 1


@pytest.mark.sampled(1)
def test_the_record_has_the_device(standing_in, tmp_path, capfd):
    output = tmp_path / "run.json"
    words = ["trace_square", "-f", "torch", "--points", "1", "--json", str(output)]
    assert cli.main([*words, "--device", "cuda"]) == 0
    assert f"torch computes on {STANDING_IN}" in capfd.readouterr().out
    found = json.loads(output.read_bytes())
    assert found["devices"] == {"torch": STANDING_IN}
    jsonschema.validate(found, json.loads(SCHEMA.read_bytes()))
    assert {v["dtype"] for v in found["verdicts"]} == {"float64"}  # no mode changes that
    assert not any(": " in v["route"] for v in found["verdicts"])
    assert cli.main(words) == 0
    assert "computes on" not in capfd.readouterr().out
    assert json.loads(output.read_bytes())["devices"] == {}


MODES = {
    "torch": {
        "": "float32",
        "torch.set_float32_matmul_precision('high')": "tensorfloat32",
        "torch.set_float32_matmul_precision('medium')": "bfloat16",
    },
    "jax": {
        "": "tensorfloat32",
        "jax.default_matmul_precision('float32')": "float32",
        "jax.default_matmul_precision('tensorfloat32')": "tensorfloat32",
        "jax.default_matmul_precision('bfloat16')": "bfloat16",
    },
}


@pytest.mark.parametrize("framework", ON_DEVICES)
@pytest.mark.sampled(1)
def test_modes_of_reduced_precision_are_routes_judged_in_what_they_multiply_in(
    framework, standing_in, tmp_path
):
    if not is_installed(framework):
        pytest.skip(f"{framework} is not installed")
    output = tmp_path / "run.json"
    words = ["trace_square", "-f", framework, "--points", "1", "--dtype", "float32", "--quiet"]
    assert cli.main([*words, "--device", "cuda", "--json", str(output)]) == 0
    verdicts = json.loads(output.read_bytes())["verdicts"]
    found = {(v["route"].rpartition(": ")[0], v["dtype"]) for v in verdicts}
    assert found == set(MODES[framework].items())
    assert cli.main([*words, "--json", str(output)]) == 0
    assert {v["dtype"] for v in json.loads(output.read_bytes())["verdicts"]} == {"float32"}
    assert not any(": " in v["route"] for v in json.loads(output.read_bytes())["verdicts"])


def test_the_mode_lasts_as_long_as_the_question():
    from symgrad.numeric.frameworks.torch import PRECISIONS

    before = torch.get_float32_matmul_precision()
    with PRECISIONS["torch.set_float32_matmul_precision('high')"].context():
        assert torch.get_float32_matmul_precision() == "high"
    assert torch.get_float32_matmul_precision() == before


def rounded_to(bits, X):
    mantissas, exponents = np.frexp(X)
    return np.ldexp(np.round(mantissas * 2.0**bits), exponents - bits)


@pytest.mark.parametrize("products", ["tensorfloat32", "bfloat16"])
def test_a_product_in_the_mode_agrees_and_one_in_the_next_coarser_does_not(products):
    """The gradient of tr X³ with X rounded to the format first, as the units of products do."""
    X = np.array([[1.37, 0.61], [0.61, 2.19]], np.float32).astype(float)
    reference = Place.of("trace_cube", X).reference()
    bits = formats.REAL.get(products, formats.REDUCED.get(products))[0]

    def verdict(bits, products):
        Y = rounded_to(bits, X)
        G = rounded_to(24, 3 * Y @ Y)
        said = Reported(0, "torch", "0", "r", "float32", float(np.trace(Y @ Y @ Y)), G)
        return judge(reference, said, formats.with_products_in(products, "float32")).verdict

    assert verdict(bits, products) in ("agrees", "refused")
    assert verdict(bits, "") == "disagrees"
    assert verdict(3, products) in ("disagrees", "refused")
    assert verdict(24, "") == "agrees"


def test_in_which_format_it_is_judged():
    judged = formats.with_products_in
    assert judged("tensorfloat32", "float32") == "tensorfloat32"
    assert judged("tensorfloat32", "float64") == "float64"
    assert judged("float32", "float32") == judged("", "float32") == "float32"
    mode = judged("tensorfloat32", "complex64")
    assert formats.unit_roundoff(mode) == np.sqrt(8) * 2.0**-11
    assert formats.unit_roundoff("float32") < formats.unit_roundoff("tensorfloat32") == 2.0**-11
    assert mode not in formats.NAMES  # nobody can ask for it as a dtype


def test_a_worker_that_lost_its_device_says_why(monkeypatch):
    needs_no_device()
    with Pool(["torch"], 60, device="cuda") as pool:
        pool.close()
        (started,) = (e for e in pool.events() if isinstance(e, Started))
    assert "finds no CUDA device" in started.lacks
    assert started.device == ""
    assert "CUDA_VISIBLE_DEVICES" not in conversation.ON["cuda"]
    assert conversation.ON["cpu"]["CUDA_VISIBLE_DEVICES"] == ""


@pytest.fixture
def atlas(standing_in, tmp_path):
    """A folder with the rows of one function, on the CPU and, recorded, on the stand-in."""
    words = ["atlas", "trace_square", "-f", "torch", "--quiet", "--output", str(tmp_path)]
    assert cli.main([*words, "--device", "cuda"]) == 0
    assert not (tmp_path / "atlas.json").exists()
    return tmp_path, words


@pytest.mark.sampled(1)
def test_recorded_rows_are_shown_with_device_and_date(atlas, capfd):
    folder, words = atlas
    recorded = atlas_page.read_recorded(folder)
    assert recorded.devices == {"torch": STANDING_IN}
    assert {row.valid for row in recorded.rows} <= {"agrees", "refused"}
    assert cli.main(words) == 0
    page = (folder / "atlas.md").read_text()
    above, below = page.split("## Recorded on an accelerator")
    assert STANDING_IN not in above
    assert f"torch {torch.__version__} on {STANDING_IN}" in below
    assert f"from a run on {recorded.made.date}" in below
    assert "torch.set_float32_matmul_precision('high'): torch.trace(X @ X)" in below
    (folder / "atlas-cuda.json").unlink()
    atlas_page.refresh(folder)
    assert (folder / "atlas.md").read_text() == above.rstrip() + "\n"


def test_a_tensor_is_asked_where_it_is():
    own = __import__("symgrad.numeric.frameworks.torch", fromlist=["Framework"]).Framework()
    assert own.array([1.0], torch.float64).device.type == "cpu"
    with beside(torch.zeros(2, 2, device="meta")):
        assert own.array([1.0], torch.float64).device.type == "meta"
        with beside(np.eye(2)):
            assert DEVICE.get() is None
    assert DEVICE.get() is None


READS = re.compile(r"[\w)]\.numpy\(\)")


def unread(text):
    """The lines that read the numbers of a tensor, wherever it is."""
    lines = filter(READS.search, text.splitlines())
    guarded = (".cpu()", "t.detach().numpy()", "t.to(wide).numpy()")
    return [line for line in lines if not any(way in line for way in guarded)]


def test_no_tensor_is_read_where_numpy_cannot():
    """PyTorch's ``.numpy()`` is of the CPU alone."""
    files = [
        *(ROOT / "numeric" / "recording").glob("torch*.py"),
        ROOT / "numeric" / "frameworks" / "torch.py",
        ROOT / "numeric" / "hessians" / "torch.py",
    ]
    assert len(files) > 8
    assert {file.name: lines for file in files if (lines := unread(file.read_text()))} == {}
    assert unread("y = x.numpy()\nz = x.cpu().numpy()\n") == ["y = x.numpy()"]
