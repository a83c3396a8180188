"""The semantic helper is off by default; what is configured wrongly is said in a sentence before anything starts."""

from pathlib import Path

import numpy as np
import pytest

from bot.config import ConfigError, load_settings
from bot.embedding import make_embedder
from knowledge_base.embedders import Embedder
from tests.unit.knowledge.embeddings_server import KEY, MODEL, embeddings_server


def configured(folder: Path, *lines: str) -> Embedder | None:
    path = folder / "config.toml"
    path.write_text("\n".join(("[knowledge]", *lines)), encoding="utf-8")
    return make_embedder(load_settings(path, {}))


def problem(folder: Path, *lines: str) -> str:
    with pytest.raises(ConfigError) as caught:
        configured(folder, *lines)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


HTTP = ('embedder = "http"', f'embedder_model = "{MODEL}"')


def test_without_a_word_in_the_configuration_there_is_none(tmp_path: Path) -> None:
    assert configured(tmp_path) is None


def test_a_server_is_asked_with_the_key_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n", encoding="utf-8")
    with embeddings_server() as server:
        made = configured(tmp_path, *HTTP, f'embedder_url = "{server.url}/"', 'embedder_key_file = "key"')

        assert made is not None
        assert np.allclose(np.linalg.norm(made.embed(["one", "two"]), axis=1), 1)
        made.embed(["two", "one"])
        assert server.asked == [["one", "two"]]


def test_an_address_alone_is_not_enough(tmp_path: Path) -> None:
    assert "needs embedder_url and embedder_model" in problem(tmp_path, 'embedder = "http"')
    assert "needs embedder_folder" in problem(tmp_path, 'embedder = "folder"')


def test_an_unknown_kind_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    assert '"folder", "http" or nothing' in problem(tmp_path, 'embedder = "openai"')


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = problem(tmp_path, 'embedder = "folder"', 'embedder_folder = "models/small"')

    assert str(tmp_path / "models" / "small") in said
    assert "put a sentence-transformers model there" in said


@pytest.mark.parametrize("content", [None, b"", b" \n", b"two words", b"\xff\xfe"])
def test_a_key_file_that_holds_no_key_is_named_and_not_shown(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)

    said = problem(tmp_path, *HTTP, 'embedder_url = "http://127.0.0.1:1/v1"', 'embedder_key_file = "key"')

    assert "key" in said
    assert "two words" not in said


def test_a_password_in_the_address_is_refused_and_not_shown(tmp_path: Path) -> None:
    said = problem(tmp_path, *HTTP, 'embedder_url = "http://me:pass-7@127.0.0.1:1/v1"')

    assert "password" in said
    assert "pass-7" not in said
