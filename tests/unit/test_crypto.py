"""Sealing, indexing, and the key file."""

import hmac
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import Code, Refused, Unavailable
from gateway.store.crypto import Vault
from gateway.store.keys import Keys, create_key_file, load_key_file

KEYS = Keys.fresh()
VAULT = Vault(KEYS)


@given(st.binary(max_size=20_000), st.binary(max_size=50), st.sampled_from([256, 512, 1024, 2048]))
def test_what_was_sealed_opens_in_its_place(plain, context, at_least):
    assert VAULT.open(VAULT.seal(plain, context, at_least), context) == plain


@given(st.binary(max_size=300), st.binary(max_size=20), st.binary(max_size=20))
def test_nothing_opens_in_another_place(plain, context, other):
    sealed = VAULT.seal(plain, context)
    if context != other:
        with pytest.raises(Unavailable, match="SEAL_BROKEN"):
            VAULT.open(sealed, other)


@given(st.binary(max_size=100), st.data())
def test_a_changed_bit_is_found(plain, data):
    sealed = bytearray(VAULT.seal(plain, b"place"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Unavailable):
        VAULT.open(bytes(sealed), b"place")


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\x01\x01", b"\x01\x01" + bytes(12), bytes(200), b"\x01\x09" + bytes(200)])
def test_what_is_no_sealed_value_is_refused(broken):
    with pytest.raises(Unavailable):
        VAULT.open(broken, b"place")


def test_another_key_opens_nothing():
    with pytest.raises(Unavailable):
        Vault(Keys.fresh()).open(VAULT.seal(b"x", b"place"), b"place")


def test_an_older_key_still_opens_and_the_current_one_seals():
    newer = Keys(2, {**KEYS.sealing, 2: Keys.fresh().sealing[1]}, KEYS.index, KEYS.chain)
    rotated = Vault(newer)
    assert rotated.open(VAULT.seal(b"before", b"p"), b"p") == b"before"
    assert rotated.seal(b"after", b"p")[1] == 2
    assert rotated.index("x", "y") == VAULT.index("x", "y")


def test_lengths_within_a_size_class_look_alike():
    sizes = {len(VAULT.seal(bytes(length), b"p", 512)) for length in range(509)}
    assert len(sizes) == 1
    assert len(VAULT.seal(bytes(509), b"p", 512)) > sizes.pop()


def test_nonces_do_not_repeat():
    assert len({VAULT.seal(b"x", b"p")[2:14] for _ in range(20_000)}) == 20_000


@pytest.mark.parametrize("parts", [(), ("x",), ("x", "y"), (b"x" * 5_000, "")])
def test_an_index_is_the_hmac_of_the_purpose_and_the_parts_each_with_its_length(parts):
    pieces = [part.encode() if isinstance(part, str) else part for part in ("a", *parts)]
    content = b"".join(len(piece).to_bytes(4, "big") + piece for piece in pieces)
    assert VAULT.index("a", *parts) == VAULT.index("a", *parts) == hmac.digest(KEYS.index, content, "sha256")
    assert VAULT.chain(content) == hmac.digest(KEYS.chain, content, "sha256")


def test_indexes_are_equal_for_equal_values_only():
    assert VAULT.index("a", "x", "y") == VAULT.index("a", "x", "y")
    different = {
        VAULT.index(*parts) for parts in [("a", "x", "y"), ("a", "xy"), ("ax", "y"), ("a", "x", "y", ""), ("b", "x", "y"), ("a", "y", "x")]
    }
    assert len(different) == 6
    assert Vault(Keys.fresh()).index("a", "x", "y") not in different
    assert VAULT.index("a", "x") != VAULT.chain(b"ax")


def test_keys_do_not_show_themselves():
    assert "sealed" in repr(KEYS)
    assert KEYS.index.hex() not in f"{KEYS}{KEYS!r}"


class TestKeyFile:
    def test_is_made_for_its_owner_alone_and_read_again(self, tmp_path):
        path = tmp_path / "keys.json"
        create_key_file(path, development=False)
        assert path.stat().st_mode & 0o777 == 0o600
        keys = load_key_file(path, production=True, data_folder=tmp_path / "data")
        assert Vault(keys).open(Vault(load_key_file(path, production=False)).seal(b"x", b"p"), b"p") == b"x"

    def test_is_never_replaced(self, tmp_path):
        path = tmp_path / "keys.json"
        create_key_file(path, development=True)
        before = path.read_bytes()
        with pytest.raises(FileExistsError):
            create_key_file(path, development=True)
        assert path.read_bytes() == before

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
    def test_open_to_others_is_refused_in_production(self, tmp_path, mode):
        path = tmp_path / "keys.json"
        create_key_file(path, development=False)
        path.chmod(mode)
        self.refused(path, Code.KEY_FILE_OPEN_TO_OTHERS)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
    def test_of_another_owner_is_refused_in_production(self, tmp_path):
        path = tmp_path / "keys.json"
        create_key_file(path, development=False)
        os.chown(path, 65534, 65534)
        self.refused(path, Code.KEY_FILE_OPEN_TO_OTHERS)

    def test_of_development_is_refused_in_production(self, tmp_path):
        path = tmp_path / "keys.json"
        create_key_file(path, development=True)
        self.refused(path, Code.KEY_FILE_FOR_DEVELOPMENT)

    def test_beside_the_data_is_refused_in_production(self, tmp_path):
        path = tmp_path / "data" / "below" / "keys.json"
        path.parent.mkdir(parents=True)
        create_key_file(path, development=False)
        self.refused(path, Code.KEY_FILE_BESIDE_DATA, tmp_path / "data")

    def test_that_is_not_there(self, tmp_path):
        with pytest.raises(Unavailable, match="KEY_FILE_MISSING"):
            load_key_file(tmp_path / "none", production=False)

    @pytest.mark.parametrize(
        "change",
        [{"version": 2}, {"current": 3}, {"index": "AAAA"}, {"sealing": {}}, {"sealing": {"300": "x"}}, {"sealing": []}, {"chain": None}],
    )
    def test_that_is_damaged(self, tmp_path, change):
        path = tmp_path / "keys.json"
        create_key_file(path, development=False)
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
        with pytest.raises(Unavailable, match="KEY_FILE_UNREADABLE"):
            load_key_file(path, production=False)

    def test_that_is_no_json(self, tmp_path):
        path = tmp_path / "keys.json"
        path.write_bytes(b"\xff\x00")
        with pytest.raises(Unavailable, match="KEY_FILE_UNREADABLE"):
            load_key_file(path, production=False)

    def refused(self, path, code, data_folder=None):
        with pytest.raises(Refused) as refusal:
            load_key_file(path, production=True, data_folder=data_folder)
        assert refusal.value.code is code
