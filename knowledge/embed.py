"""Text to vectors: an OpenAI-compatible endpoint, a local MiniLM folder, or nothing. Never a download.

Only door to `openai` (on this floor) and `tokenizers`. Knows no index. Used by `index` and `search`.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import EmbeddingFailed
from knowledge.types import EmbeddingConfig, EmbeddingKind

Vectors = NDArray[np.float32]
"""One row per text, each of length 1, so that a dot product is the cosine."""

MODEL_HASHES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""sha256 of sentence-transformers/all-MiniLM-L6-v2, the only local model that is accepted."""

MAX_TOKENS = 256
"""The model was trained on at most this many; longer text is cut."""
BATCH = 16
ENDPOINT_BATCH = 64

_LAYERS = 6
_HEADS = 12
_EPSILON = 1e-12


class Embedder(Protocol):
    """Something that turns texts into vectors; the endpoint and the local model do."""

    name: str
    """`local:<folder>` or `endpoint:<model>`: an index made by another name is built anew."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Give one unit vector per text. Blocks. Raises EmbeddingFailed."""
        ...


def open_embedder(config: EmbeddingConfig) -> Embedder | None:
    """Make the configured embedder ready; None for `none`. Raises EmbeddingFailed."""
    if config.kind is EmbeddingKind.NONE:
        return None
    if config.kind is EmbeddingKind.ENDPOINT:
        return EndpointEmbedder(config)
    if config.folder is None:
        raise EmbeddingFailed(
            "No folder is set for the local embedding model.",
            "Set the folder, or embeddings to none.",
        )
    return LocalEmbedder(config.folder)


class EndpointEmbedder:
    """Asks an OpenAI-compatible `/embeddings`."""

    def __init__(self, config: EmbeddingConfig) -> None:
        import openai

        self.name = f"endpoint:{config.model}"
        self._model = config.model
        self._failure = openai.OpenAIError
        self._client = openai.OpenAI(
            api_key=config.api_key or "none",
            base_url=config.base_url or None,
            timeout=config.timeout_s,
            max_retries=1,
        )

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Ask in batches. Raises EmbeddingFailed without the endpoint's own words."""
        rows: list[list[float]] = []
        try:
            for start in range(0, len(texts), ENDPOINT_BATCH):
                batch = list(texts[start : start + ENDPOINT_BATCH])
                answer = self._client.embeddings.create(
                    model=self._model, input=batch, encoding_format="float"
                )
                ordered = sorted(answer.data, key=lambda item: item.index)
                rows += [item.embedding for item in ordered]
        except self._failure as error:
            raise EmbeddingFailed(
                "The embedding endpoint does not answer as it should.",
                "Check its address, key and model name.",
            ) from error
        if len(rows) != len(texts) or len({len(row) for row in rows}) > 1:
            raise EmbeddingFailed("The embedding endpoint returned the wrong number of vectors.")
        return _unit(np.asarray(rows, dtype=np.float32))


class LocalEmbedder:
    """all-MiniLM-L6-v2 in numpy: 384 dimensions, mean pooling, at most 256 tokens."""

    def __init__(self, folder: Path) -> None:
        import tokenizers

        for name, expected in MODEL_HASHES.items():
            _check_hash(folder / name, expected)
        self.name = f"local:{folder.name}"
        self._weights = read_safetensors(folder / "model.safetensors")
        self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed in batches of like length, so that little is padded."""
        encoded = [each.ids for each in self._tokenizer.encode_batch(list(texts))]
        out = np.zeros((len(texts), 384), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(encoded[at]))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            out[chosen] = self._batch([encoded[at] for at in chosen])
        return out

    def _batch(self, rows: list[list[int]]) -> Vectors:
        """Run the network over one padded batch."""
        width = max(len(row) for row in rows)
        ids = np.zeros((len(rows), width), dtype=np.int64)
        mask = np.zeros((len(rows), width), dtype=np.float32)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1.0
        weights = self._weights
        state = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][:width]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        state = self._norm(state, "embeddings.LayerNorm")
        for layer in range(_LAYERS):
            state = self._layer(state, mask, f"encoder.layer.{layer}")
        summed = (state * mask[:, :, None]).sum(axis=1)
        return _unit(summed / mask.sum(axis=1, keepdims=True))

    def _layer(self, state: Vectors, mask: Vectors, name: str) -> Vectors:
        """One transformer layer: attention over the real tokens, then two linear maps."""
        count, width, size = state.shape
        shape = (count, width, _HEADS, size // _HEADS)
        parts = [
            self._linear(state, f"{name}.attention.self.{part}")
            .reshape(shape)
            .transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        ]
        query, key, value = parts
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(size // _HEADS))
        scores = scores + (mask[:, None, None, :] - 1.0) * np.float32(1e9)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(count, width, size)
        mixed = self._linear(mixed, f"{name}.attention.output.dense")
        state = self._norm(state + mixed, f"{name}.attention.output.LayerNorm")
        inner = _gelu(self._linear(state, f"{name}.intermediate.dense"))
        inner = self._linear(inner, f"{name}.output.dense")
        return self._norm(state + inner, f"{name}.output.LayerNorm")

    def _linear(self, state: Vectors, name: str) -> Vectors:
        return state @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _norm(self, state: Vectors, name: str) -> Vectors:
        centred = state - state.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
        return centred / deviation * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def read_safetensors(path: Path) -> dict[str, Vectors]:
    """Read the float32 tensors of a safetensors file (8 bytes header length, JSON, raw data).

    Raises EmbeddingFailed when the file is not of that form.
    """
    try:
        raw = path.read_bytes()
        length = int.from_bytes(raw[:8], "little")
        header = json.loads(raw[8 : 8 + length])
        return {
            name: np.frombuffer(
                raw,
                dtype=np.float32,
                count=int(np.prod(entry["shape"], dtype=np.int64)),
                offset=8 + length + entry["data_offsets"][0],
            ).reshape(entry["shape"])
            for name, entry in header.items()
            if name != "__metadata__" and entry["dtype"] == "F32"
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EmbeddingFailed(f"{path.name} cannot be read as model weights.") from error


def _check_hash(path: Path, expected: str) -> None:
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EmbeddingFailed(
            f"The local embedding model's {path.name} cannot be read.",
            "The folder must hold model.safetensors and tokenizer.json of all-MiniLM-L6-v2.",
        ) from error
    if actual != expected:
        raise EmbeddingFailed(
            f"The local embedding model's {path.name} is not the expected file (sha256 differs).",
            "Fetch all-MiniLM-L6-v2 again from a source you trust.",
        )


def _gelu(x: Vectors) -> Vectors:
    """Compute GELU by an error function good to 1.5e-7 (Abramowitz and Stegun 7.1.26)."""
    scaled = np.abs(x) * np.float32(0.7071067811865476)
    t = 1.0 / (1.0 + np.float32(0.3275911) * scaled)
    series = t * (
        0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))
    )
    erf = np.sign(x) * (1.0 - series * np.exp(-scaled * scaled))
    return (x * 0.5 * (1.0 + erf)).astype(np.float32)


def _unit(rows: Vectors) -> Vectors:
    """Scale each row to length 1; a zero row stays zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(lengths, _EPSILON)).astype(np.float32)
