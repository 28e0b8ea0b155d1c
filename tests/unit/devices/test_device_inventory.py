"""Inventory files -> devices, groups and Nornir's objects; what people write wrong; who is selected."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from bank import KEY_SERVERS, Bank
from nornir.plugins.inventory import SimpleInventory

from getvpn_ops.devices.inventory import load_folder, load_inventory, select
from getvpn_ops.devices.inventory.simple import SimpleFiles, read_simple
from getvpn_ops.devices.inventory.table import read_table
from getvpn_ops.devices.inventory.write import append_hosts
from getvpn_ops.errors import MistakesError, UsageError
from getvpn_ops.model.inventory import Role
from getvpn_ops.settings import SshOverrides, find_workspace
from getvpn_ops.settings.mistakes import Mistakes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nornir.core.inventory import Inventory as NornirInventory

EXAMPLE = Path(__file__).parents[3] / "inventory"
ERRORS = sorted((Path(__file__).parents[2] / "data" / "inventory" / "errors").glob("*.yaml"))

ODD: dict[str, dict[str, str]] = {
    "hosts alone": {"hosts": "a: {hostname: 10.0.0.1}\nb: {}\n"},
    "empty files": {"hosts": "a: {hostname: x}\n", "groups": "", "defaults": "# nothing\n"},
    "scalars of YAML 1.2": {
        "hosts": "a:\n  hostname: x\n  data:\n    words: [yes, no, on, off, y, n, ~, null, Null, true, TRUE, False]\n"
        "    numbers: [010, 0o17, 0x1F, 0b101, 1_000, +5, -7, 1e3, 1., .5, -.5e+2, .inf, -.INF, 12:30:45, 1.5.2]\n"
        "    times: [2026-03-01, 2026-03-01T10:00:00Z, 2026-03-01 10:00:00 +01:00, 2026-3-1]\n"
        "    texts: ['010', \"yes\", 1.2.3.4, 0x, 1e, +, '', 0o8]\n"
    },
    "anchors and merges": {
        "hosts": "a: &a {hostname: x, data: &d {site: s, ring: 1}}\nb: {<<: *a, hostname: y}\n"
        "c: {hostname: z, data: {<<: *d, ring: 2}}\n"
    },
    "groups of groups": {
        "hosts": "a: {groups: [one, two], data: {x: null}}\nb: {groups: [two, one]}\nc: {groups: null}\n",
        "groups": "one: {groups: [three], data: {x: 1, y: 1}, port: 2201}\ntwo: {data: {y: 2, z: 2}, username: u}\n"
        "three: {data: {z: 3, w: 3}, hostname: h3, platform: ios}\n",
        "defaults": "port: 22\nusername: ops\ndata: {w: 0, v: 0}\n",
    },
    "connection options": {
        "hosts": "a: {hostname: x, groups: [g], connection_options: {getvpn-ops: {port: 2222}, napalm: {}}}\n"
        "b: {hostname: y, groups: [g]}\n",
        "groups": "g: {connection_options: {getvpn-ops: {username: u, extras: {deadline: 9}},"
        " netmiko: {extras: {x: [1]}}}}\n",
        "defaults": "connection_options: {getvpn-ops: {hostname: h, password: p, extras: {deadline: 5}}}\n",
    },
}


def plain(inventory: NornirInventory) -> dict[str, Any]:
    """Everything in a Nornir inventory, and what it makes of it."""
    resolved = {
        name: {
            "data": host.extended_data(),
            "groups": [group.name for group in host.extended_groups()],
            "ways": [host.get_connection_parameters(way).dict() for way in (None, "getvpn-ops", "netmiko", "other")],
        }
        for name, host in inventory.hosts.items()
    }
    return {**inventory.dict(), "order": [*inventory.hosts], "resolved": resolved}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("case", ["the worked example", *ODD])
def test_nornir_gets_what_its_own_plugin_would_give_it(tmp_path: Path, case: str) -> None:
    folder = EXAMPLE if case not in ODD else write(tmp_path, {f"{key}.yaml": text for key, text in ODD[case].items()})
    files = [str(folder / name) for name in ("hosts.yaml", "groups.yaml", "defaults.yaml")]
    mistakes = Mistakes()
    ours, _ = read_simple(SimpleFiles.of(folder), mistakes)
    assert not mistakes
    assert plain(ours) == plain(SimpleInventory(*files).load())


def test_the_worked_example() -> None:
    loaded = load_folder(EXAMPLE)
    inventory = loaded.inventory
    assert all("SHA-1" in note or "DH group 5" in note or "one RSA key" in note for note in loaded.notes), "for 12.4"
    assert loaded.password_files == ()
    assert len(inventory.devices) == len(loaded.access) == len(loaded.nornir.hosts) == 29
    assert [item.name for item in inventory.key_servers("WAN")] == list(KEY_SERVERS)
    assert len(inventory.members("WAN")) == 24
    assert [item.name for item in inventory.members("PAYMENTS")] == ["bir-gm1", "cph-gm1"]
    device = inventory.devices["cph-gm1"]
    assert (device.role, device.ring, device.release) == (Role.MEMBER, 3, "15.4(3)M10")
    assert device.prefixes == (IPv4Network("10.8.0.0/22"), IPv4Network("10.200.8.0/24"))
    assert device.host_groups == ("members", "c2951")
    assert {item.ring for item in inventory.members("WAN") if item.pilot} == {1}


def test_the_worked_example_knows_the_addresses_that_its_routers_register_by() -> None:
    bank = Bank()
    devices = load_folder(EXAMPLE).inventory.devices
    seen: dict[str, set[str]] = {name: {str(bank.server(name).address)} for name in KEY_SERVERS}
    for group in ("WAN", "PAYMENTS"):
        for name, member in bank.members(group).items():
            seen.setdefault(name, set()).add(str(member.address))
    assert {name: set(map(str, devices[name].gdoi_addresses)) for name in seen} == seen


def test_what_a_host_leaves_open(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "hosts.yaml": "a: {hostname: 10.0.0.1, data: {role: ks}}\nb.example.net: {data: {role: gm, site: 7}}\n"
            "c: {hostname: 127.0.0.1, port: 2201}\n",
            "gdoi_groups/WAN.yaml": "name: WAN\nkey_servers: [a]\nmembers: [b.example.net]\n",
            "gdoi_groups/LAN.yaml": "# nothing said yet\n",
        },
    )
    loaded = load_folder(folder)
    first, second, third = loaded.inventory.devices.values()
    assert first.gdoi_addresses == (IPv4Address("10.0.0.1"),)
    assert first.gdoi_groups == second.gdoi_groups == ("WAN",)
    assert (second.hostname, second.site, second.gdoi_addresses) == ("b.example.net", "7", ())
    assert (third.role, third.port, third.gdoi_addresses, third.gdoi_groups) == (None, 2201, (), ())
    assert [note.partition(":")[2].strip() for note in loaded.notes] == ["c", "b.example.net"]


def test_how_devices_are_reached(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "hosts.yaml": "a: {hostname: x, groups: [far], username: eve}\nb: {hostname: y, port: 22}\n",
            "groups.yaml": "far: {connection_options: {getvpn-ops: {port: 2222, extras: "
            "{jump: ssh -W %h:%p j, engine: paramiko, deadline: 900}}}}\n",
            "defaults.yaml": "username: ops\npassword: canary-1\n",
        },
    )
    loaded = load_folder(folder)
    access = loaded.access["a"]
    assert (access.hostname, access.port, access.username) == ("x", 2222, "eve")
    assert access.ssh == SshOverrides(jump="ssh -W %h:%p j", engine="paramiko", deadline=900)
    assert access.password is not None
    assert access.password.get_secret_value() == "canary-1"
    assert loaded.access["b"].ssh == SshOverrides()
    assert loaded.password_files == (folder / "defaults.yaml",)
    assert "canary" not in repr(loaded.access) + repr(loaded.inventory)


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem)
def test_mistakes_are_told_all_at_once(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    write(tmp_path, {"getvpn-ops.yaml": "schema: 1\n", **case["files"]})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MistakesError) as caught:
        load_inventory(find_workspace())
    assert str(caught.value) == case["said"].rstrip("\n")
    assert "sesame" not in str(caught.value)


def test_there_are_error_cases() -> None:
    assert len(ERRORS) > 30


def test_a_nornir_configuration_of_simple_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path,
        {
            "getvpn-ops.yaml": "nornir: nr/nornir.yaml\n",
            "nr/nornir.yaml": "inventory: {plugin: SimpleInventory, options: {host_file: fleet.yaml}}\n"
            "runner: {plugin: threaded}\nlogging: {enabled: true}\n",
            "nr/fleet.yaml": "gm1: {hostname: 10.0.0.1, data: {role: gm, gdoi_groups: [WAN]}}\n",
            "inventory/gdoi_groups/WAN.yaml": "name: WAN\nidentity: 4711\n",
        },
    )
    monkeypatch.chdir(tmp_path)
    loaded = load_inventory(find_workspace())
    assert [*loaded.inventory.devices] == ["gm1"]
    assert loaded.inventory.gdoi_groups["WAN"].identity == 4711
    assert not list(tmp_path.rglob("nornir.log"))


PLUGIN = """
from nornir.core.inventory import Defaults, Group, Groups, Host, Hosts, Inventory, ParentGroups


class Warehouse:
    def __init__(self, role="gm", names=(("gm1", "gm1"), ("gm2", "gm2"))):
        self.role = role
        self.names = names

    def load(self):
        defaults = Defaults(username="ops")
        group = Group(name="all", data={"role": self.role, "gdoi_groups": ["WAN"]}, defaults=defaults)
        hosts = Hosts()
        for number, (key, name) in enumerate(self.names, 1):
            hosts[key] = Host(name=name, hostname=f"10.0.0.{number}", defaults=defaults,
                              groups=ParentGroups([group]))
        return Inventory(hosts=hosts, groups=Groups({"all": group}), defaults=defaults)
"""


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose hosts come from a plugin that someone has installed."""
    write(
        tmp_path,
        {
            "site/warehouse.py": PLUGIN,
            "site/warehouse-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: warehouse\nVersion: 1\n",
            "site/warehouse-1.dist-info/entry_points.txt": "[nornir.plugins.inventory]\n"
            "Warehouse = warehouse:Warehouse\n",
            "getvpn-ops.yaml": "nornir: nornir.yaml\n",
            "nornir.yaml": "inventory: {plugin: Warehouse}\n",
        },
    )
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_another_plugin_gives_the_hosts(warehouse: Path) -> None:
    loaded = load_inventory(find_workspace())
    assert [*loaded.inventory.devices] == ["gm1", "gm2"]
    assert loaded.inventory.devices["gm2"].role is Role.MEMBER
    assert loaded.access["gm1"].username == "ops"
    (warehouse / "nornir.yaml").write_text("inventory: {plugin: Warehouse, options: {role: boss}}\n")
    with pytest.raises(MistakesError, match=r"group all: data\.role: expected one of ks, gm, ce, found 'boss'"):
        load_inventory(find_workspace())
    (warehouse / "nornir.yaml").write_text("inventory: {plugin: Warehouse, options: {colour: red}}\n")
    with pytest.raises(MistakesError, match="plugin 'Warehouse' gave nothing: TypeError"):
        load_inventory(find_workspace())


ODD_NAMES = {
    "a way out": ("../../etc/gm", "expected a name of letters, digits"),
    "blanks": ("gm 1", "expected a name of letters, digits"),
    "a line end": ("gm1\nreload", "expected a name of letters, digits"),
    "no text": (7, "expected a name of letters, digits"),
    "another than its key": ("other", "the inventory calls it 'gm1', too: expected one name"),
}


@pytest.mark.parametrize("case", ODD_NAMES)
def test_names_of_a_plugin_are_names_of_files_too(warehouse: Path, case: str) -> None:
    name, said = ODD_NAMES[case]
    names = [["gm1" if name == "other" else name, name]]
    (warehouse / "nornir.yaml").write_text(
        json.dumps({"inventory": {"plugin": "Warehouse", "options": {"names": names}}})
    )
    with pytest.raises(MistakesError) as caught:
        load_inventory(find_workspace())
    assert said in str(caught.value)


PILOTS = ["ham-gm1", "ork-gm1"]
SELECTED: dict[str, tuple[list[str], list[str], list[str]]] = {
    "and": (["role=gm,site=lon*"], [], ["lon-gm1", "lon-gm2"]),
    "or": (["pilot=yes", "site=london,name=*2"], [], ["lon-gm2", *PILOTS]),
    "not": (["role!=gm,site!=leeds,role!=ce"], [], ["ams-ks1", "dub-ks1"]),
    "capital letters": (["SITE=london".lower(), "model=c8200*"], [], ["lon-gm1", "lon-gm2", "lis-gm1"]),
    "flag": (["pilot=true"], [], PILOTS),
    "GDOI group": (["group=PAY*,role=gm"], [], ["bir-gm1", "cph-gm1"]),
    "host group": (["host_group=c3845"], [], ["ode-gm1"]),
    "nothing said": (["ring=,role=ks"], ["*-ks1"], list(KEY_SERVERS)),
    "ring": (["ring=2"], [], ["lis-gm1", "gal-gm1"]),
    "own data, one of a list": (["prefixes=10.4.*"], [], ["lon-gm1", "lon-gm2"]),
    "names": ([], ["cph-gm1,LON-gm1"], ["lon-gm1", "cph-gm1"]),
    "all but": ([], ["lon-*,man*,!lon-gm1"], ["lon-gm2", "man-gm1"]),
    "so many": (["role=ks"], ["2"], ["lds-ks1", "ams-ks1"]),
    "so many of those": ([], ["*-gm2", "*-gm1", "1"], ["lds-gm1"]),
}


@pytest.mark.parametrize(("filters", "limits", "names"), SELECTED.values(), ids=SELECTED)
def test_selection(filters: list[str], limits: list[str], names: list[str]) -> None:
    assert [item.name for item in select(load_folder(EXAMPLE), filters, limits)] == names


def test_without_a_condition_everyone_is_selected() -> None:
    loaded = load_folder(EXAMPLE)
    assert select(loaded) == tuple(loaded.inventory.devices.values())


REFUSED: dict[str, tuple[list[str], list[str], str]] = {
    "no value": (["site=lonn*"], [], "site=lonn*: none; site is one of leeds, amsterdam, dublin, "),
    "not together": (["role=ks,site=london"], [], "role=ks: 3 of 29 devices\n  site=london: 2 of 29 devices"),
    "no such key": (["rol=gm"], [], "no device has anything called 'rol'; did you mean role?"),
    "no key at all": (["colour=red"], [], "known are name, hostname, role, site, group, "),
    "no condition": (["gm"], [], "expected KEY=PATTERN or KEY!=PATTERN"),
    "empty": ([","], [], "an empty --filter says nothing"),
    "no such name": ([], ["lon-gm3"], "--limit lon-gm3: there is no device of this name; did you mean lon-gm"),
    "no such pattern": ([], ["par-*"], "--limit par-*: no device has such a name; there are lds-ks1, "),
    "no such exception": ([], ["!par-gm1"], "--limit par-gm1: there is no device of this name"),
    "filter and limit": (
        ["role=ks"],
        ["lon-*"],
        "--limit lon-* leaves none of the 3 devices: lds-ks1, ams-ks1, dub-ks1",
    ),
    "none": ([], ["0"], "--limit 0 leaves no device"),
}


@pytest.mark.parametrize(("filters", "limits", "said"), REFUSED.values(), ids=REFUSED)
def test_an_empty_selection_is_refused_with_what_there_is(filters: list[str], limits: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(load_folder(EXAMPLE), filters, limits)
    assert said in str(caught.value)


def test_a_refusal_shows_no_secret(tmp_path: Path) -> None:
    write(tmp_path, {"hosts.yaml": "a: {hostname: x, data: {snmp_community: canary-2}}\n"})
    with pytest.raises(UsageError) as caught:
        select(load_folder(tmp_path), ["snmp_community=guess"])
    assert "canary" not in str(caught.value)


GM1 = {"hostname": "10.0.0.1", "data": {"role": "gm", "site": "x"}}
TABLES: dict[str, tuple[bytes, dict[str, Any]]] = {
    "comma": (b"name,hostname,role,site\ngm1,10.0.0.1,gm,x\n", {"gm1": GM1}),
    "semicolon, BOM, CRLF": (b"\xef\xbb\xbfName;IP;Role;Site\r\ngm1;10.0.0.1;Group Member;x\r\n", {"gm1": GM1}),
    "tab, UTF-16": ("Device\tMgmt IP\tRole\tSite\ngm1\t10.0.0.1\tGM\tx\n".encode("utf-16"), {"gm1": GM1}),
    "sep": (b"sep=|\nrouter|address|function|branch\ngm1|10.0.0.1|member|x\n", {"gm1": GM1}),
    "hostname as the name": (b"Hostname,Management IP,role,location\ngm1,10.0.0.1,gm,x\n", {"gm1": GM1}),
    "quotes, blanks, remarks": (
        b'\n# our fleet\n"name", "ip", "role", "site"\n\n "gm1", 10.0.0.1, gm, "x"\n,,,\n',
        {"gm1": GM1},
    ),
    "lists and types": (
(
        b'name,groups,gdoi_group,lan,port,pilot,ring,model,version,sn,rack\n'
        b'gm1,a b,"WAN;LAN","10.1.0.0/24, 10.2.0.0/24",2222,x,3,2811,17.10,00123,7\n'
),
        {
            "gm1": {
                "port": 2222,
                "groups": ["a", "b"],
                "data": {
                    "gdoi_groups": ["WAN", "LAN"], "prefixes": ["10.1.0.0/24", "10.2.0.0/24"], "pilot": True,
                    "ring": 3, "model": "2811", "release": "17.10", "serial": "00123", "rack": "7",
                },
            }
        },
    ),
    "no member": (b"name,role\nce1,outsider\n", {"ce1": {"data": {"role": "ce", "gdoi_groups": []}}}),
    "Windows-1252": ("name,site\ngm1,Lübeck\n".encode("cp1252"), {"gm1": {"data": {"site": "Lübeck"}}}),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "hosts"), TABLES.values(), ids=TABLES)
def test_tables_of_hosts(tmp_path: Path, raw: bytes, hosts: dict[str, Any]) -> None:
    (tmp_path / "hosts.csv").write_bytes(raw)
    mistakes = Mistakes()
    found = read_table(tmp_path / "hosts.csv", mistakes)
    mistakes.settle("the table is wrong")
    assert {name: entry for name, (_, entry) in found.hosts.items()} == hosts


def test_a_table_survives_being_written(tmp_path: Path) -> None:
    file = tmp_path / "hosts.yaml"
    file.write_text("# ours\nold: {hostname: 10.0.0.9}  # first\n")
    words = [
        "00123",
        "1e3",
        "0o17",
        "yes",
        "12:30",
        "~",
        "2026-03-01",
        "a: b",
        "# c",
        "Łódź",
        "1_000",
        "null",
        "<<",
        "=",
    ]
    hosts = {f"gm{number}": {"hostname": f"10.0.1.{number}", "data": {"x": word}} for number, word in enumerate(words)}
    append_hosts(file, hosts, "from a\ntable")
    assert file.read_text().startswith("# ours\nold: {hostname: 10.0.0.9}  # first\n")
    loaded = load_folder(tmp_path)
    assert [host.data.get("x") for host in loaded.nornir.hosts.values()] == [None, *words]
    stock = SimpleInventory(str(file), str(tmp_path / "none"), str(tmp_path / "none")).load()
    assert [host.data.get("x") for host in stock.hosts.values()] == [None, *words]
    file.write_text("{old: {hostname: 10.0.0.9}}\n")
    with pytest.raises(UsageError, match="nothing can be put behind it"):
        append_hosts(file, hosts, "")


OLD_FILES = {
    "Windows line ends": b"# ours\r\nold: {hostname: 10.0.0.9}  # first\r\n",
    "a byte order mark": b"\xef\xbb\xbfold: {hostname: 10.0.0.9}\n",
    "both": b"\xef\xbb\xbfold:\r\n  hostname: 10.0.0.9",
}


@pytest.mark.parametrize("old", OLD_FILES.values(), ids=OLD_FILES)
def test_what_stands_in_a_file_stays_to_the_byte(tmp_path: Path, old: bytes) -> None:
    file = tmp_path / "hosts.yaml"
    file.write_bytes(old)
    append_hosts(file, {"new": {"hostname": "10.0.0.1"}}, "Imported from \x1b[31m\udcff.csv")
    made = file.read_bytes()
    assert made.startswith(old)
    assert made.count(b"\r\n") in {0, made.count(b"\n")}
    assert rb"# Imported from \x1b[31m\udcff.csv" in made
    assert [*load_folder(tmp_path).inventory.devices] == ["old", "new"]


def test_hosts_that_are_added_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    file = tmp_path / "hosts.yaml"
    with ThreadPoolExecutor(8) as pool:
        for number in range(40):
            pool.submit(append_hosts, file, {f"r{number}": {"hostname": f"10.0.0.{number}"}}, "test")
    assert len(load_folder(tmp_path).inventory.devices) == 40


def test_a_file_that_broke_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "hosts.yaml"
    for broken in (b"a: [", b"a: \xff"):
        file.write_bytes(broken)
        with pytest.raises(UsageError, match="is not YAML any more"):
            append_hosts(file, {"new": {}}, "")
        assert file.read_bytes() == broken


WRONG_TABLES = {
    "no header": (b"gm1,10.0.0.1,gm\n", ["hosts.csv:1: expected a line of headers with a column one of name, device"]),
    "empty": (b"", ["hosts.csv:1: expected a line of headers"]),
    "no rows": (b"name,role\n", ["hosts.csv: there is no host in it"]),
    "binary": (b"PK\x03\x04\0\0", ["hosts.csv: this is no text; export the table as CSV"]),
    "quotes": (b'name,site\ngm1,"x\n', ["hosts.csv: this is no CSV: unexpected end of data"]),
    "columns": (
        b"name,device,rolle,Enable Secret,serail\ngm1,gm1,gm,canary,1\n",
        [
            "hosts.csv:1: column 'rolle' is not known; did you mean role?",
            "hosts.csv:1: column 'Enable Secret': passwords and other secrets do not belong in an inventory",
            "hosts.csv:1: column 'serail' is not known; did you mean serial?",
            "hosts.csv:1: columns 'name', 'device' all mean name",
        ],
    ),
    "values": (
        b"name,role,port,ring,pilot\ngm 1,gm,,,\ngm2,boss,ssh,first,perhaps\ngm3,gm,1,1,no\ngm3,gm,,,\ngm4,,,,,,9\n",
        [
            "hosts.csv:2: name: expected letters, digits and _.:-, found 'gm 1'",
            "hosts.csv:3: role: expected one of ks, gm, ce, found 'boss'",
            "hosts.csv:3: port: expected a whole number, found 'ssh'",
            "hosts.csv:3: ring: expected a whole number, found 'first'",
            "hosts.csv:3: pilot: expected yes or no, found 'perhaps'",
            "hosts.csv:5: name: gm3 stands in hosts.csv:4 already",
            "hosts.csv:6: 7 values in 5 columns",
        ],
    ),
}


@pytest.mark.parametrize(("raw", "said"), WRONG_TABLES.values(), ids=WRONG_TABLES)
def test_mistakes_in_tables(raw: bytes, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hosts.csv").write_bytes(raw)
    mistakes = Mistakes()
    read_table(tmp_path / "hosts.csv", mistakes)
    with pytest.raises(MistakesError) as caught:
        mistakes.settle("wrong")
    found = caught.value.mistakes
    assert len(found) == len(said), found
    assert all(any(item.startswith(line) for item in found) for line in said), found
    assert "canary" not in json.dumps(found)
