"""The way of a new user on a network of their own, from an empty folder to a verdict, without ``--lab``."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

import yaml
from worksites import Worksite, part_of_example

from getvpn_ops.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("lds-ks1", "ams-ks1", "dub-ks1", "bir-gm1", "cph-gm1", "nor-gm1")
LATER = ("lon-gm1",)
ROLES = {"ks": "Key Server", "gm": "Group Member"}


def table(site: Worksite, path: Path, names: tuple[str, ...]) -> None:
    """The hosts as someone has them in a spreadsheet."""
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["Hostname", "IP Address", "Port", "Role", "Site", "GDOI Group"])
        for name in names:
            data = site.lab.fleet.stations[name].host.data
            out.writerow([name, "127.0.0.1", site.lab.port(name), ROLES[data["role"]], data["site"], "WAN"])


class Newcomer:
    """Types one command after the other in a folder."""

    def __init__(self, site: Worksite, folder: Path) -> None:
        self.site = site
        self.folder = folder

    def types(self, line: str, code: ExitCode = ExitCode.GOOD) -> tuple[str, str]:
        ended, out, err = self.site.run(*line.split(), where=self.folder)
        assert ended == code, f"{out}{err}"
        return out, err

    def asks(self, line: str, code: ExitCode = ExitCode.GOOD) -> Any:  # noqa: ANN401 -- JSON
        return json.loads(self.types(f"{line} -o json", code)[0])


def failures(told: Any, status: str = "fail") -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401 -- JSON
    for outcome in told["outcomes"]:
        for finding in outcome["findings"]:
            if finding["status"] == status:
                yield outcome["spec_id"], finding


def follow(told: Any, file: Path, addresses: dict[str, str]) -> int:  # noqa: ANN401 -- JSON
    """Do to the inventory what the doctor says; returns how often."""
    hosts = yaml.safe_load(file.read_text())
    done = 0
    for status in ("fail", "unknown"):
        for _, finding in failures(told, status):
            advice = re.fullmatch(r"hosts\.yaml: (\S+): data: (\w+): (.*)", finding["next_steps"][0])
            assert advice, finding
            name, key, value = advice.groups()
            hosts[name]["data"][key] = [addresses[name]] if "that of the" in value else yaml.safe_load(value)
            done += 1
    file.write_text(yaml.safe_dump(hosts, sort_keys=False))
    return done


def test_from_an_empty_folder_to_a_verdict(tmp_path: Path) -> None:
    source = part_of_example(tmp_path / "source", (*NAMES, *LATER))
    home = tmp_path / "home"
    home.mkdir()
    with Worksite(tmp_path / "lab", source) as site:
        new = Newcomer(site, home)
        assert "getvpn-ops init" in new.types("health", ExitCode.USAGE)[1]
        table(site, home / "routers.csv", NAMES)
        (home / "pw").write_text(f"{site.lab.password}\n")
        (home / "pw").chmod(0o600)
        said = new.types("init wan --csv routers.csv -u ops --password-from file:../pw --yes")[1]
        assert "getvpn-ops hostkeys pin -w wan" in said
        new.folder = home / "wan"

        table(site, home / "more.csv", LATER)
        assert "1 host written" in new.types("inventory import ../more.csv --write")[1]
        checked = new.asks("inventory check")
        assert (checked["devices"], checked["gdoi_groups"]["WAN"]["members"]) == (len(NAMES) + len(LATER), 4)

        lost = new.asks("doctor -q", ExitCode.FINDINGS)
        for spec, finding in failures(lost):
            assert spec == "doctor-login"
            assert "host key unknown" in finding["actual"]
            assert f"getvpn-ops hostkeys pin {finding['device']}" in finding["next_steps"][0]
        assert lost["summary"]["outcomes"]["pass"] == 0
        shown = set(re.findall(r"SHA256:\S{43}", new.types("hostkeys pin", ExitCode.USAGE)[1]))
        pinned = new.asks("hostkeys pin --yes")
        assert {row["fingerprint"] for row in pinned} == shown
        assert len(shown) == len(NAMES) + len(LATER)

        well = new.asks("doctor -q", ExitCode.FINDINGS)
        assert {spec for spec, _ in failures(well)} == {"doctor-address"}
        hosts = new.folder / "inventory" / "hosts.yaml"
        example = yaml.safe_load((source / "hosts.yaml").read_text())
        addresses = {name: host["data"]["gdoi_addresses"][0] for name, host in example.items()}
        assert follow(well, hosts, addresses) == len(NAMES) + len(LATER)
        assert new.asks("doctor -q")["summary"]["outcomes"]["fail"] == 0

        judged = new.asks("health -q --interval 0", ExitCode.UNDETERMINED)
        assert not list(failures(judged))
        open_ = {item["spec_id"] for item in judged["outcomes"] if item["status"] == "unknown"}
        assert open_ <= {"traffic-both-ways", "traffic-errors", "traffic-invalid-spi", "roster-known"}
        new.types("collect -q --interval 0 --out captures")
        again = new.asks("health -q --from captures", ExitCode.UNDETERMINED)
        assert {item["spec_id"] for item in again["outcomes"]} == {item["spec_id"] for item in judged["outcomes"]}
        assert [run["kind"] for run in new.asks("runs")] == ["collect", "health", "doctor", "doctor", "doctor"]
        assert new.asks("diagnose -q --interval 0 WAN", ExitCode.GOOD)["diagnoses"][0]["symptoms"] == []
