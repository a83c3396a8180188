"""The embedder that the configuration asks for, if it asks for one; what it needs is imported only then."""

from pydantic import SecretStr

from bot.config import ConfigError, Settings
from knowledge_base.embedders import Embedder, EmbedderError, Remembering


def make_embedder(settings: Settings) -> Embedder | None:
    """Make what `[knowledge] embedder` names; None when it names nothing.

    No model is loaded and no server is asked yet. Raises ConfigError when folder, library, address or key are not fit.
    """
    try:
        found = _made(settings)
    except EmbedderError as error:
        raise ConfigError(f"[knowledge] embedder: {error}") from error
    return None if found is None else Remembering(found)


def _made(settings: Settings) -> Embedder | None:
    wanted = settings.knowledge
    if wanted.embedder == "folder":
        from knowledge_base.embedders.folder import FolderEmbedder

        return FolderEmbedder(settings.path(wanted.embedder_folder))
    if wanted.embedder == "http":
        from knowledge_base.embedders.http import HttpEmbedder

        return HttpEmbedder(wanted.embedder_url, wanted.embedder_model, _key(settings).get_secret_value())
    return None


def _key(settings: Settings) -> SecretStr:
    """The key in the key file, else the one kept, or an empty one."""
    if not settings.knowledge.embedder_key_file:
        return settings.kept.get("knowledge.embedder_key", SecretStr(""))
    path = settings.path(settings.knowledge.embedder_key_file)
    try:
        key = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        why = error.strerror or "unknown reason"
        raise ConfigError(f"[knowledge] embedder_key_file: {path} cannot be read ({why}).") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"[knowledge] embedder_key_file: {path} cannot be read (it is not UTF-8 text).") from error
    if not key:
        raise ConfigError(f"[knowledge] embedder_key_file: {path} should hold one key and nothing else.")
    return SecretStr(key)
