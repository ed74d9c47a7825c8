"""A store is named by a flag or the environment, without credentials; a manifest reaches no further than its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InputError, UsageError
from pipeline.project.loading import load_project
from pipeline.project.models import Project
from pipeline.store.shared.address import Address, read_address, store_address
from pipeline.store.shared.secrecy import without_secrets


def project(folder: Path, store: str | None = None) -> Project:
    (folder / "book.md").write_text("# One\n\nIt was late.\n", encoding="utf-8")
    line = f"store: {store}\n" if store else ""
    (folder / "project.yaml").write_text(f"title: Late\n{line}chapters: [{{source: book.md}}]\n", encoding="utf-8")
    return load_project(folder)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("s3://bucket/a/b/", "s3://bucket/a/b"),
        ("gs://bucket", "gs://bucket"),
        ("az://container/x", "az://container/x"),
        ("memory://here", "memory://here"),
        ("/mnt/takes", "/mnt/takes"),
        ("file:///mnt/takes", "/mnt/takes"),
    ],
)
def test_folders_and_urls_are_addresses(text: str, shown: str) -> None:
    assert str(read_address(text, "--store")) == shown


@pytest.mark.parametrize(
    "text",
    [
        "s3://user:hunter22@bucket/x",
        "s3://hunter22@bucket",
        "az://container/x?sig=hunter22",
        "gs://bucket/x#hunter22",
        "S3://user:hunter22@bucket",
    ],
)
def test_credentials_in_a_url_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_address(text, "--store")
    assert "hunter22" not in f"{caught.value} {caught.value.hint}"
    assert "credentials" in caught.value.message


@pytest.mark.parametrize("text", ["", "ftp://host/x", "s3://", "s3:///x/../y", "http://host/x"])
def test_what_is_no_store_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_address(text, "--store")


def test_the_flag_goes_before_the_environment_and_that_before_the_manifest(tmp_path: Path) -> None:
    loaded = project(tmp_path, "shared/takes")
    assert store_address(loaded, flag="memory://a", variable="memory://b") == Address("memory", "a")
    assert store_address(loaded, flag=None, variable="memory://b") == Address("memory", "b")
    assert store_address(loaded, flag=None, variable=None) == Address("file", str(tmp_path / "shared/takes"))
    assert store_address(project(tmp_path), flag=None, variable=None) is None


@pytest.mark.parametrize("store", ["../elsewhere", "/mnt/takes", "s3://bucket/../../x"])
def test_a_manifest_cannot_name_a_store_outside_its_folder(tmp_path: Path, store: str) -> None:
    with pytest.raises(InputError):
        project(tmp_path, store)


def test_a_url_in_a_manifest_is_a_folder_at_most(tmp_path: Path) -> None:
    try:
        loaded = project(tmp_path, "s3://bucket/x")
    except InputError:
        return
    address = store_address(loaded, flag=None, variable=None)
    assert address is not None
    assert address.protocol == "file"


def test_a_link_does_not_lead_a_manifests_store_out_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "book" / "shared").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="leads out of the project"):
        store_address(project(tmp_path / "book", "shared"), flag=None, variable=None)


def test_what_a_backend_says_is_cleaned_of_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "verysecret")
    said = "403 at https://me:pw@host/x?X-Amz-Signature=abc&X-Amz-Credential=def with verysecret\nand more"
    cleaned = without_secrets(said)
    assert not any(secret in cleaned for secret in ("verysecret", "abc", "def", "me:pw"))
    assert "\n" not in cleaned
