"""Taking backups from devices that answer or do not, and finding one again by commit or time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from getvpn_ops.devices.backing_up import Heard
from getvpn_ops.errors import UsageError
from getvpn_ops.model.capture import Visit
from getvpn_ops.model.inventory import Device
from getvpn_ops.services.backup import Backups, History
from getvpn_ops.services.backup.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEXT = "Current configuration : 9 bytes\nversion 15.2\nhostname r1\ninterface Loopback0\n description {word}\nend\n"


class Told:
    """Devices, clock, archive and progress of a backup; says what was put into it."""

    def __init__(self) -> None:
        self.texts: dict[str, str | None] = {}
        self.moment = NOON

    def read(self, devices: Sequence[Device], **_: Any) -> Mapping[str, Heard]:  # noqa: ANN401 -- not looked at
        made = {}
        for device in devices:
            text = self.texts[device.name]
            visit = Visit(device.name, NOON, NOON, next_step="" if text else "look at the line")
            made[device.name] = Heard(text.encode(), visit) if text else Heard(None, visit, "no answer")
        return made

    def now(self) -> datetime:
        return self.moment

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- progress and archive: nothing comes of them
        return lambda *_: None


def take(told: Told, folder: Path, texts: Mapping[str, str | None], reason: str = "on demand") -> Any:  # noqa: ANN401
    told.texts = dict(texts)
    anyone = cast("Any", told)
    author = "Kim <kim@example.net>"
    backups = Backups(Repository(folder), anyone, clock=anyone, archive=anyone, progress=anyone, author=author)
    return backups.take([Device(name) for name in texts], reason, "b-1")


UNREAD = {
    "no answer": ("r1", None, "no answer"),
    "cut off": ("r1", TEXT.format(word="x").removesuffix("end\n"), "cut short"),
    "no configuration": ("r1", "% Unknown command\nend\n", "no whole configuration"),
    "a name that climbs": ("../r1", TEXT.format(word="x"), "name of no file"),
    "a name that is hidden": (".git", TEXT.format(word="x"), "name of no file"),
    "a name of two lines": ("r1\nr2", TEXT.format(word="x"), "name of no file"),
}


@pytest.mark.parametrize(("name", "text", "said"), UNREAD.values(), ids=UNREAD)
def test_who_is_not_backed_up_is_named(tmp_path: Path, name: str, text: str | None, said: str) -> None:
    folder = tmp_path / "backups"
    taken = take(Told(), folder, {name: text, "r2": TEXT.format(word="two")})
    assert [(item.device, said in item.reason) for item in taken.unread] == [(name, True)]
    assert taken.changed == ("r2",)
    assert [path.name for path in tmp_path.rglob("*.cfg")] == ["r2.cfg"]


def test_what_the_history_says(tmp_path: Path) -> None:
    folder, told = tmp_path / "backups", Told()
    take(told, folder, {"r1": TEXT.format(word="a"), "r2": None}, "before\x1b[31m the\nchange")
    told.moment += timedelta(hours=1)
    take(told, folder, {"r1": TEXT.format(word="a").replace("9 bytes", "10 bytes")}, "nothing new")
    told.moment += timedelta(hours=1)
    take(told, folder, {"r1": TEXT.format(word="b")}, "after")
    history = History(folder)
    new, old = history.entries()
    assert [(item.reason, item.run, item.devices) for item in (new, old)] == [
        ("after", "b-1", ("r1",)),
        ("before [31m the change", "b-1", ("r1",)),
    ]
    assert history.entries("r1", 1) == (new,)
    assert history.entries("r9") == ()
    assert history.before("r1", new) == old
    assert history.before("r1", old) is None
    lines = history.diff("r1", old, new).splitlines()
    assert [line for line in lines if line[:1] in "+-"][2:] == ["- description a", "+ description b"]
    assert history.diff("r1", new, new) == ""
    with pytest.raises(UsageError, match="no backup of r2"):
        history.text("r2", new)


WHEN = {
    "the newest": (None, 1),
    "a commit": ("{1}", 1),
    "the beginning of a commit": ("{0:.7}", 0),
    "a time": ("2026-03-02T13:30", 0),
    "the very moment": ("2026-03-02 14:00:00", 1),
    "a time of another zone": ("2026-03-02T14:30+01:00", 0),
    "a day": ("2026-03-03", 1),
}
NEVER = {
    "before the first": ("2026-03-01", "as old as 2026-03-01"),
    "another commit": ("0123456789", "no backup 0123456789"),
    "too few digits": ("abc", "no backup abc"),
    "a branch": ("main", "no backup main"),
    "nothing": ("", "no backup "),
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> History:
    folder, told = tmp_path_factory.mktemp("history") / "backups", Told()
    take(told, folder, {"r1": TEXT.format(word="a")})
    told.moment += timedelta(hours=2)
    take(told, folder, {"r1": TEXT.format(word="b")})
    return History(folder)


@pytest.mark.parametrize(("when", "wanted"), WHEN.values(), ids=WHEN)
def test_which_one_is_meant(both: History, when: str | None, wanted: int) -> None:
    commits = [item.commit for item in reversed(both.entries())]
    assert both.at(when and when.format(*commits)).commit == commits[wanted]


@pytest.mark.parametrize(("when", "said"), NEVER.values(), ids=NEVER)
def test_there_is_none(both: History, when: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        both.at(when)
