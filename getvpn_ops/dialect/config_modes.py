"""Which lines of an IOS configuration belong to which sub-mode.

A running configuration says so by indentation. People paste configurations without it, documents lose it, and IOS
itself prints lines of ``server local`` deeper than its own sub-modes. These tables say it without indentation. A member
pattern names only what cannot be a command of the global mode as well; the few lines that can be both are ``DUAL``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mode:
    """A sub-mode.

    Attributes:
        name: its name.
        opener: the line that opens it.
        members: matches the beginning of a line that belongs to it, without ``no`` and ``default``.
        parents: modes that it opens in; empty for the global mode.
    """

    name: str
    opener: re.Pattern[str]
    members: re.Pattern[str]
    parents: frozenset[str] = frozenset()


def _mode(name: str, opener: str, *members: str, parents: tuple[str, ...] = ()) -> Mode:
    return Mode(
        name,
        re.compile(rf"{opener}\s*$", re.IGNORECASE),
        re.compile(rf"(?:(?:no|default)\s+)?(?:{'|'.join(members)}|exit)(?=\s|$)", re.IGNORECASE),
        frozenset(parents),
    )


_ACE = r"(?:(?:sequence\s+)?\d+\s+)?(?:permit|deny|remark|evaluate|dynamic)"
_ROUTING = (
    "neighbor", "network", "redistribute", "auto-summary", "synchronization", "default-information", "default-metric",
    "distance", "distribute-list", "maximum-paths", "aggregate-address", "summary-address", "bgp", "maximum-prefix",
)  # fmt: skip

MODES = (
    _mode("isakmp-policy", r"crypto isakmp policy \d+", "encr(?:yption)?", "hash", "authentication", "group",
          "lifetime"),
    _mode(
        "isakmp-profile", r"crypto isakmp profile \S+(?: .*)?",
        "description", "keyring", "self-identity", "match", "vrf(?! definition)", "local-address", "ca trust-point",
        "client", "isakmp", "initiate", "keepalive", "accounting", "virtual-template", "qos-group",
    ),
    _mode(
        "isakmp-client-group", r"crypto isakmp client configuration group \S+",
        "key(?! chain| config-key)", "dns", "wins", "domain", "pool", "acl", "netmask", "save-password", "split-dns",
        "max-users",
    ),
    _mode("isakmp-peer", r"crypto isakmp peer \S+ .*", "set", "description"),
    _mode("keyring", r"crypto keyring \S+(?: .*)?", "pre-shared-key", "rsa-pubkey", "local-address", "description"),
    _mode("ikev2-proposal", r"crypto ikev2 proposal \S+", "encryption", "integrity", "prf", "group"),
    _mode("ikev2-policy", r"crypto ikev2 policy \S+", "proposal", "match"),
    _mode("ikev2-keyring", r"crypto ikev2 keyring \S+", r"peer \S+"),
    _mode(
        "ikev2-peer", r"peer \S+",
        "description", "address", "hostname", "identity", "pre-shared-key",
        parents=("ikev2-keyring",),
    ),
    _mode(
        "ikev2-profile", r"crypto ikev2 profile \S+",
        "match", "identity", "authentication", "keyring", "pki trustpoint", "lifetime", "dpd", "nat keepalive", "ivrf",
        "virtual-template", "config-exchange", "description", "aaa", "initial-contact", "config-mode", "shutdown",
        "anyconnect", "redirect", "dynamic",
    ),
    _mode("transform-set", r"crypto ipsec transform-set \S+ .*", "mode", "esn"),
    _mode("ipsec-profile", r"crypto ipsec profile \S+", "set", "description", "responder-only", "dialer"),
    _mode("gdoi-group", r"crypto (?:gdoi|gkm) group (?:ipv6 )?\S+", "identity", "server", "passive", "client"),
    _mode(
        "gdoi-local-server", r"server local",
        "rekey", "address", "authorization", "gdoi", "gikev2", "pfs", "group size", "identifier", "registration",
        "redundancy", "sa",
        parents=("gdoi-group",),
    ),
    _mode("gdoi-sa-ipsec", r"sa ipsec \d+", "profile", "match address", "replay", "tag",
          parents=("gdoi-local-server",)),
    _mode("gdoi-coop", r"redundancy", "local priority", "peer address", "protocol", parents=("gdoi-local-server",)),
    _mode("gdoi-identifier", r"identifier", "value", "range", parents=("gdoi-local-server",)),
    _mode("crypto-identity", r"crypto identity \S+", "dn", "fqdn", "description"),
    _mode(
        "crypto-map", r"crypto map (?:ipv6 )?\S+ \d+ (?:gdoi|ipsec-isakmp|ipsec-manual)(?: .*)?",
        "set", "match", "description", "reverse-route", "qos", "ipv4",
    ),
    _mode("crypto-map-fail-close", r"crypto map (?:ipv6 )?\S+ gdoi fail-close", "match address", "activate"),
    _mode(
        "trustpoint", r"crypto (?:pki|ca) trustpoint \S+",
        "enrollment", "serial-number", "fqdn", "ip-address", "subject-name", "subject-alt-name", "revocation-check",
        "rsakeypair", "eckeypair", "auto-enroll", "password(?! encryption)", "usage", "source", "vrf(?! definition)",
        "crl", "ocsp", "fingerprint", "hash", "regenerate", "chain-validation", "match", "primary", "authorization",
        "storage", "root", "on", "show", "authentication", "auto-trigger",
    ),
    _mode(
        "certificate-chain", r"crypto (?:pki|ca) certificate chain \S+",
        "certificate", "quit",
    ),
    _mode(
        "pki-server", r"crypto pki server \S+",
        "grant", "issuer-name", "database", "lifetime", "auto-rollover", "hash", "cdp-url", "mode", "shutdown",
    ),
    _mode(
        "interface", r"interface \S.*",
        r"ip (?:address|access-group|tcp adjust-mss|mtu|unnumbered|helper-address|ospf|proxy-arp|redirects|unreachables"
        r"|route-cache|split-horizon|summary-address|virtual-reassembly|verify|hello-interval|hold-time|nhrp"
        r"|directed-broadcast|mask-reply|mroute-cache|rsvp|local-proxy-arp|bandwidth-percent|rip|authentication|nbar"
        r"|vrf (?:forwarding|receive|sitemap)|nat (?:inside|outside)(?=\s*$)|flow (?:ingress|egress|monitor)|policy"
        r"|pim (?:sparse|dense|passive|dr-priority|query-interval|neighbor-filter|bidir-neighbor|nbma|state-refresh)\S*"
        r"|pim(?=\s*$)|igmp (?!ssm-map|snooping|profile|limit)\S+|multicast (?:boundary|ttl-threshold|rate-limit)"
        r"|inspect \S+ (?:in|out)(?=\s*$)|wccp \S+ redirect|dhcp (?:client|relay information|server))",
        r"ipv6 (?:address|enable|nd|ospf|mtu|traffic-filter|crypto map|eigrp|pim(?=\s*$)|mld|unnumbered|verify"
        r"|redirects|unreachables|nat(?=\s*$)|flow|tcp|rip \S+ enable|dhcp (?:client|relay|server \S+$))",
        r"crypto (?:map (?:ipv6 )?\S+(?: redundancy .*)?(?=\s*$)|ipsec (?:df-bit|fragmentation)"
        r"|engine (?:accelerator|slot))",
        "description", "shutdown", "duplex", "speed", "media-type", "negotiation", "keepalive", "encapsulation", "mtu",
        "vrf forwarding", "bandwidth", "delay", "load-interval", "hold-queue", "service-policy", "switchport",
        "channel-group", "standby", "tunnel", "autostate", "cdp enable", "lldp (?:transmit|receive)", "snmp trap",
        "mac-address", "carrier-delay", "clock rate", "peer default", "ppp", "dialer", "pppoe", "logging event",
        "ntp (?:disable|broadcast|multicast)", "arp timeout", "max-reserved-bandwidth", "fair-queue", "random-detect",
        "tx-ring-limit", "bfd", "isis", "ospfv3", "power", "mop", "xconnect", "storm-control", "zone-member", "macsec",
        "dampening", "rate-limit", "traffic-shape", "flowcontrol", "physical-layer", "vrrp", "glbp", "mpls",
        "tag-switching",
        "spanning-tree", "cts", "access-group", "no-ip", "plim", "dot1x", "authentication", "pvc", "fair", "srr-queue",
        "priority-queue", "auto qos", "udld", "vlan-id", "dialer-group", "dsl", "hold-time", "synchronous", "mode",
    ),
    _mode(
        "router", r"router (?:bgp|eigrp|ospf|ospfv3|rip|isis|lisp|mobile)(?: .*)?",
        *_ROUTING, "passive-interface", "timers", "router-id", "log-adjacency-changes", "area", "eigrp",
        "address-family",
        "offset-list", "variance", "metric", "template", r"version \d(?=\s*$)", "max-metric", "nsf", "is-type", "net",
        "metric-style", "traffic-share", "output-delay", "capability", "bfd all-interfaces", "table-map", "topology",
    ),
    _mode(
        "router-address-family", r"address-family \S.*",
        *_ROUTING, "table-map", "exit-address-family", "import", "export", "af-interface", "exit-af-interface",
        "topology",
        "exit-af-topology", "eigrp", "timers", "metric", "variance", "passive-interface", "route-target", "advertise",
        parents=("router",),
    ),
    _mode(
        "vrf", r"vrf definition \S+",
        "rd", "description", "route-target", "vpn id", "address-family", "exit-address-family", "vnet",
    ),
    _mode(
        "vrf-address-family", r"address-family \S.*",
        "route-target", "import", "export", "maximum routes", "mdt", "exit-address-family", "route-replicate",
        "inter-as-hybrid", "bgp next-hop",
        parents=("vrf",),
    ),
    _mode(
        "ip-vrf", r"ip vrf (?!forwarding|receive)\S+",
        "rd", "description", "route-target", "vpn id", "import map", "export map", "maximum routes", "mdt",
        "bgp next-hop",
    ),
    _mode("acl", r"ip(?:v6)? access-list (?:(?:extended|standard|role-based) )?\S+", _ACE),
    _mode("object-group", r"object-group (?:network|service|security) \S+",
          "host", "any", r"\d+\.\d+\.\d+\.\d+", "range", "group-object", "description", "tcp", "udp", "tcp-udp",
          "icmp"),
    _mode(
        "line", r"line (?:con|aux|vty|tty|console|\d+)(?: .*)?",
        "exec-timeout", "login(?= local| authentication|$)", "password(?! encryption)", "transport", "stopbits",
        "databits",
        "parity", "access-class", "ipv6 access-class", r"privilege level \d+", "logging synchronous", "session-timeout",
        "modem", "speed", "flowcontrol", "history", "length", "width", "authorization", "accounting", "exec",
        "escape-character", "rotary", "activation-character", "location", "motd-banner", "exec-banner", "autocommand",
        "absolute-timeout", "session-limit", "terminal-type", "notify", "rxspeed", "txspeed", "refuse-message",
        "vacant-message", "monitor(?=$)", "script",
    ),
    _mode("archive", r"archive", "log config", "path", "maximum", "write-memory", "time-period", "rollback"),
    _mode(
        "archive-log-config", r"log config",
        "hidekeys", "logging (?:enable|size|persistent)", "notify", "record", parents=("archive",),
    ),
    _mode("aaa-group", r"aaa group server \S+ \S+", r"server(?:-private)?", "ip vrf forwarding", "deadtime",
          "vrf forwarding",
          r"ip (?:tacacs|radius) source-interface"),
    _mode("aaa-server", r"(?:tacacs|radius) server \S+", "address", "key(?! chain| config-key)", "timeout", "port",
          "single-connection",
          "automate-tester", "pac", "retransmit"),
    _mode("key-chain", r"key chain \S+(?: .*)?", r"key [0-9A-Fa-f]+(?=\s*$)", "description"),
    _mode("key", r"key [0-9A-Fa-f]+", "key-string", "accept-lifetime", "send-lifetime", "cryptographic-algorithm",
          "lifetime",
          parents=("key-chain",)),
    _mode("route-map", r"route-map \S+(?: .*)?", "match", "set", "description", "continue"),
    _mode("class-map", r"class-map \S.*", "match", "description"),
    _mode("policy-map", r"policy-map \S.*", "class", "description"),
    _mode("policy-class", r"class \S.*", "priority", "bandwidth", "police", "set", "shape", "fair-queue", "queue-limit",
          "random-detect", "service-policy", "drop", "pass", "inspect", "compression", parents=("policy-map",)),
    _mode("track", r"track \d+(?: .*)?", "delay", "object", "description"),
    _mode("dhcp-pool", r"ip dhcp pool \S+", "network", "default-router", "dns-server", "domain-name", "lease", "host",
          "vrf",
          "client-identifier", "hardware-address", "import all", "option", "netbios-name-server"),
)  # fmt: skip

DUAL = re.compile(
    r"(?:(?:no|default)\s+)?(?:crypto ipsec (?:df-bit|fragmentation)|redundancy|mpls|spanning-tree|cts|aaa|dot1x"
    r"|version|exit|authentication"
    r"|ip (?:nbar|ospf|rip|verify|policy|rsvp|wccp|dhcp|inspect|igmp|authentication|tacacs|radius)"
    r"|ipv6 (?:nd|eigrp|mld|flow|verify|dhcp|ospf)|isis|bfd|udld|ppp|dialer|macsec|xconnect|vrrp|glbp|standby|template"
    r"|privilege|location|arp|monitor|power|ospfv3|eigrp|bgp|dsl|auto|topology|storm-control|script|quit)(?=\s|$)",
    re.IGNORECASE,
)
"""Lines of a sub-mode that the global mode may know as well: without indentation they belong to the sub-mode only if
other lines of it stand without indentation too."""

GLOBAL_ONLY = re.compile(
    r"(?:no\s+)?(?:interface \S+|hostname \S|ip (?:forward-protocol|http|access-list|route|cef|domain|multicast-routing"
    r"|name-server|host|pim (?:ssm|rp-address|bsr-candidate|vrf)|igmp ssm-map|classless|subnet-zero|source-route|ssh)"
    r"|crypto (?:isakmp|ikev2|pki|ca|gdoi|gkm|keyring|identity|map (?:ipv6 )?\S+ \S+|ipsec (?:profile|transform-set|"
    r"security-association)|key)|router (?:bgp|eigrp|ospf|ospfv3|rip|isis)|line (?:con|aux|vty)|access-list \d+"
    r"|snmp-server|ntp (?:server|peer|source)|aaa (?:new-model|authentication|authorization|accounting|session-id)"
    r"|ip vrf (?!forwarding|receive)\S+|vrf definition|control-plane|banner|end\s*$|scheduler"
    r"|logging (?:buffered|host|trap)|username|enable (?:secret|password)|boot-(?:start|end)-marker)(?=\s|$|\.)",
    re.IGNORECASE,
)
"""Lines that belong to the global mode whatever blanks stand before them, unless a sub-mode that is open knows them."""

GLOBAL_WORDS = frozenset(
    {
        "aaa", "access-list", "access-policy", "access-session", "alarm-contact", "alias", "ancp", "ap",
        "app-default", "app-hosting", "appfw", "appletalk", "application", "appnav", "archive",
        "archive-config", "arp", "async-bootp", "atm", "authentication", "auto", "autonomic", "banner",
        "bba-group", "beep", "bfd", "bfd-template", "bgp", "bgp-ls", "boot", "boot-end-marker",
        "boot-start-marker", "bridge", "bridge-domain", "bstun", "buffers", "cable", "call", "call-home",
        "card", "cca", "cdp", "cef", "cellular", "chassis", "chat-script", "cipc", "cisp", "class-map", "clid",
        "clns", "clock", "cns", "config-register", "configuration", "connect", "control-plane", "controller",
        "cpu", "crypto", "cts", "cwmp", "dbm", "decnet", "default-value", "define", "device-sensor",
        "device-tracking", "dhcp", "diagnostic", "diagnostic-signature", "dial-peer", "dialer", "dialer-list",
        "diameter", "disable-eadi", "dlsw", "dns", "dnsix-dmdp", "dot11", "dot1x", "ds-lite", "dspfarm", "dss",
        "ecfm", "eigrp", "enable", "encapsulation", "end", "energywise", "ephone", "ephone-dn", "epm",
        "errdisable", "errormsg", "ethernet", "ethernet-internal", "event", "event-manager", "exception",
        "exec", "exit", "facility-alarm", "fallback", "fhrp", "file", "fips", "flow", "flow-sampler-map",
        "format", "frame-relay", "ftp-server", "gateway", "glbp", "global-address-family", "gw-accounting",
        "hostname", "hw-module", "hw-switch", "id-manager", "identity", "interface", "iox", "ip", "ipc",
        "iphc-profile", "ipv4", "ipv6", "ipx", "isdn", "isis", "ixi", "kerberos", "key", "keymap", "kron", "l2",
        "l2tp", "l2tp-class", "l2vpn", "l3vpn", "l4f", "lacp", "lat", "ldap", "length", "license", "line",
        "lisp", "lldp", "locale", "location", "log", "logging", "login", "mab", "mac", "mac-address-table",
        "macro", "macsec", "map-class", "map-list", "mediatrace", "memory", "memory-size", "menu", "metadata",
        "mgcp", "microcode", "mka", "mls", "mmi", "mmi-polling", "modem", "modemcap", "monitor", "mop", "mpls",
        "mtr", "multilink", "mvrp", "nat", "nat64", "nat66", "ncia", "netbios", "netconf", "netconf-yang",
        "netflow", "network-clock", "network-clock-participate", "network-clock-select", "nhrp", "nls", "nmsp",
        "node", "nsap", "ntp", "num-exp", "object-group", "onep", "openflow", "order", "ospf", "parameter-map",
        "parser", "partition", "passthru", "password", "performance", "pfr", "plat", "platform", "pnp",
        "policy-manager", "policy-map", "port-channel", "power", "ppp", "pppoe", "pppoe-profile", "printer",
        "priority-list", "privilege", "process", "process-max-time", "profile", "prompt", "pseudowire",
        "pseudowire-class", "ptp", "qos", "queue-list", "radius", "radius-server", "random-detect",
        "rate-limit", "redundancy", "regexp", "remote-management", "remote-peer", "rep", "resource",
        "resource-pool", "restconf", "resume-string", "rif", "rlogin", "rmon", "route-map", "route-tag",
        "router", "rsrb", "rtr", "rtsp", "sampler", "sap", "sasl", "sccp", "scheduler", "scripting", "sdwan",
        "security", "service", "service-chain", "service-insertion", "service-list", "service-policy",
        "service-routing", "session-limit", "setup", "shell", "sip", "sip-ua", "skinny", "slb", "smart", "snmp",
        "snmp-server", "snmpset", "sntp", "softswitch", "source-bridge", "spanning-tree", "spd", "srcip",
        "srst", "ssh", "ssl", "ssm", "stack", "stackwise-virtual", "standby", "state-machine", "stcapp",
        "subscriber", "subscriber-policy", "subscription", "switch", "switchname", "switchport", "system",
        "table-map", "tacacs", "tacacs-server", "tag-switching", "task", "task-space", "tcp-connect", "tdm",
        "telemetry", "telephony-service", "template", "terminal", "tftp-server", "threat-visibility",
        "time-period", "time-range", "tls-proxy", "tod-clock", "tpm", "track", "transceiver",
        "translation-rule", "transport", "trunk", "trustpoint", "trustpool", "twamp", "uc", "udld", "upgrade",
        "username", "utd", "vdsl", "version", "vfi", "video", "vines", "virtual-ppp", "virtual-profile",
        "virtual-service", "virtual-template", "vlan", "vmps", "vnet", "voice", "voice-card", "voice-port",
        "vpdn", "vpdn-group", "vpdn-template", "vrf", "vrrp", "vstack", "vtp", "vty-async", "vxlan", "wan",
        "warm-reboot", "wccp", "webvpn", "wireless", "wlan", "wsma", "x25", "x29", "xconnect", "xdm", "xlate",
        "xsm", "yang-interfaces", "zone", "zone-pair",
    }
)  # fmt: skip
"""First words of commands of the global mode, over the releases: they tell a configuration from another text."""

FOREIGN = re.compile(
    r"(?:Extended|Standard|Reflexive) IP access list |IPv6 access list |access-list\s.*\sport = \d"
    r"|No crypto maps found",
    re.IGNORECASE,
)
"""Lines of other commands' output, some of whose lines look like configuration."""

HEX = re.compile(r"[0-9A-Fa-f]{2,8}(?:[ \t]+[0-9A-Fa-f]{2,8})*")
"""A line of a certificate or key in hexadecimal."""

HEX_OPENER = re.compile(r"(?:certificate\s+\S|key-string\s*$)", re.IGNORECASE)
"""A line that hexadecimal lines may follow, up to ``quit``."""

HEX_QUIT = re.compile(r"(?P<hex>(?:[0-9A-Fa-f]{2,8}[ \t]+)*)quit\s*$", re.IGNORECASE)

DELIMITED = re.compile(
    r"(?P<head>(?:banner\s+(?:motd|login|exec|incoming|slip-ppp|prompt-timeout|config-save|text|title|file)"
    r"|banner(?=\s+\^)|aaa authentication (?:banner|fail-message|username-prompt(?=\s+\^)|password-prompt(?=\s+\^))"
    r"|menu \S+ (?:title|prompt)|refuse-message|vacant-message|busy-message \S+)\s+)(?P<rest>\S.*)",
    re.IGNORECASE,
)
"""A line that opens a text which ends at the next delimiter, the first character behind ``head`` (``^C`` is one)."""

MACRO = re.compile(r"macro name \S+", re.IGNORECASE)
"""Opens a macro, which ends at a line ``@``."""
