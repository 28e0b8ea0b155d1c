"""The three lists: hostile lines, odd spacings, abbreviations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from getvpn_ops.devices.permissions import Purpose, permit
from getvpn_ops.dialect.commands import FILTERS, LINE_MAX, PROBES, SIDE_EFFECTS, WRITERS
from getvpn_ops.errors import ExitCode, NotAllowedError

R, P, C = Purpose.READ, Purpose.PROBE, Purpose.CHANGE

PASSES = {
    "a show command": (R, "show crypto gdoi ks members"),
    "short": (R, "sh run"),
    "shorter words": (R, "sho cry gdoi gm acl"),
    "upper case": (R, "SHOW VERSION"),
    "blanks": (R, "  show   clock  "),
    "include": (R, "show running-config | include ^hostname"),
    "short filter": (R, "show run | i hostname"),
    "no blanks": (R, "show run|sec crypto"),
    "a bar in the expression": (R, "show running-config | section ^crypto (gdoi|gkm) group"),
    "an alternative like a writer": (R, "show run | include permit|tee"),
    "a second filter": (R, "show run | section crypto | include group"),
    "begin, count, exclude": (R, "show logging | count GDOI"),
    "pages off": (R, "terminal length 0"),
    "wide": (R, "term width 511"),
    "acls may be called so": (R, "show ip access-lists TEE-TIME"),
    "probes may read": (P, "show version"),
    "ping": (P, "ping 10.1.1.1"),
    "ping with options": (P, "ping vrf PAY ip 10.1.1.1 repeat 5 size 1400 df-bit source Loopback0 timeout 2"),
    "ping of IPv6": (P, "ping 2001:db8::1"),
    "traceroute": (P, "traceroute 10.1.1.1 numeric ttl 1 10 probe 1"),
    "a change": (C, "crypto gdoi group WAN"),
    "a description": (C, " description Filiale Köln"),
    "a change that reads": (C, "show version"),
}

REFUSED = {
    "writes a file": (R, "show run | redirect flash:x", "may write"),
    "writes and shows": (R, "show run | tee flash:x", "may write"),
    "adds to a file": (R, "show tech | append flash:x", "may write"),
    "short redirect": (R, "show run | red flash:x", "may write"),
    "shortest redirect": (R, "show run | r flash:x", "may write"),
    "short tee": (R, "show run | te flash:x", "may write"),
    "short append": (R, "show run | app flash:x", "may write"),
    "format reads a file": (R, "show run | format flash:x", "may write"),
    "many blanks": (R, "show run |     redirect   flash:x", "may write"),
    "no blanks": (R, "show run|redirect flash:x", "may write"),
    "mixed case": (R, "show run | ReDirect flash:x", "may write"),
    "behind a filter": (R, "show run | include x | redirect flash:x", "second |"),
    "behind a filter, no blanks": (R, "show run | include x|r flash:x", "second |"),
    "two bars": (R, "show run || redirect flash:x", "may write"),
    "to a server": (R, "show run | include tftp://10.0.0.1/x", "elsewhere"),
    "from a server": (R, "show archive config differences http://h/x system:running-config", "elsewhere"),
    "nothing behind the bar": (R, "show run |", "may write"),
    "nothing to look for": (R, "show run | i", "nothing to look for"),
    "a bar alone": (R, "| include x", "no show command"),
    "do": (R, "do conf t", "no show command"),
    "do show": (R, "do show version", "no show command"),
    "ambiguous": (R, "s version", "no show command"),
    "no abbreviation": (R, "shw version", "no show command"),
    "shows nothing": (R, "show", "shows nothing"),
    "shows a filter": (R, "show | include x", "shows nothing"),
    "a newline": (R, "show x\nreload", r"'\\n'"),
    "a return": (R, "show x\rreload", r"'\\r'"),
    "both": (R, "show x\r\nreload", r"'\\r'"),
    "a tab completes": (R, "show ver\tx", r"'\\t'"),
    "next line": (R, "show x\x85reload", r"'\\x85'"),
    "line separator": (R, "show x\u2028reload", r"'\\u2028'"),
    "paragraph separator": (R, "show x\u2029reload", r"'\\u2029'"),
    "vertical tab": (R, "show x\x0breload", r"'\\x0b'"),
    "form feed": (R, "show x\x0creload", r"'\\x0c'"),
    "interrupt": (R, "\x03", r"'\\x03'"),
    "end": (R, "show version\x1a", r"'\\x1a'"),
    "quote": (R, "show \x16?", r"'\\x16'"),
    "escape": (R, "show \x1b[A", r"'\\x1b'"),
    "delete": (R, "show versionx\x7f", r"'\\x7f'"),
    "help": (R, "show crypto ?", "question mark"),
    "empty": (R, "", "empty"),
    "blanks": (R, "   ", "empty"),
    "overlong": (R, f"show {'x' * LINE_MAX}", "more than 254"),
    "letters that look alike": (R, "\u0455how version", "plain ASCII"),
    "full-width bar": (R, "show run \uff5c redirect flash:x", "plain ASCII"),
    "no-break space": (R, "show\xa0version", "plain ASCII"),
    "configure": (R, "configure terminal", "no show command"),
    "clear": (R, "clear crypto gdoi", "no show command"),
    "enable is the driver's": (R, "enable", "no show command"),
    "copy": (R, "copy run start", "no show command"),
    "more": (R, "more flash:x", "no show command"),
    "debug": (R, "debug crypto gdoi", "no show command"),
    "terminal monitor": (R, "terminal monitor", "no show command"),
    "long terminal": (R, "terminal length 0 | redirect x", "no show command"),
    "a page of 1000": (R, "terminal length 1000", "no show command"),
    "counters set back": (R, "show platform hardware qfp active statistics drop clear", "counters back"),
    "short": (R, "show platform hardware qfp active statistics drop cl", "counters back"),
    "shortest, short": (R, "show plat hard qfp active feature ipsec datapath drops c", "counters back"),
    "with more behind": (R, "show platform hardware qfp active interface all statistics clear_drop", "counters back"),
    "a trace to a file": (R, "show logging process btman to-file bootflash:x", "writes a file"),
    "short to-file": (R, "show log profile wireless t bootflash:x", "writes a file"),
    "searches memory": (R, "show memory debug leaks", "all memory"),
    "probing is not reading": (R, "ping 10.1.1.1", "no show command"),
    "empty probe": (P, "", "empty"),
    "a dialog": (P, "ping", "IP address"),
    "a name": (P, "ping www.example.com", "IP address"),
    "short ping": (P, "pi 10.1.1.1", "no show command"),
    "for ever": (P, "ping 10.1.1.1 repeat 1000000", "beyond"),
    "too slow": (P, "ping 10.1.1.1 timeout 3600", "beyond"),
    "no value": (P, "ping 10.1.1.1 repeat", "beyond"),
    "other option": (P, "ping 10.1.1.1 validate", "none of them"),
    "no VRF": (P, "ping vrf", "VRF"),
    "no target in the VRF": (P, "ping vrf PAY", "IP address"),
    "a filter behind a probe": (P, "ping 10.1.1.1 | redirect flash:x", "none of them"),
    "two commands": (P, "ping 10.1.1.1\nreload", r"'\\n'"),
    "a probe that changes": (P, "reload", "no show command"),
    "traceroute to anywhere": (P, "traceroute", "IP address"),
    "two lines": (C, "description x\nno crypto map M", r"'\\n'"),
    "help in a change": (C, "crypto isakmp key What? address 0.0.0.0", "question mark"),
    "control in a change": (C, "banner motd \x03", r"'\\x03'"),
    "a redacted change": (C, "crypto isakmp key <redacted sha256:0123456789ab> address 10.1.1.1", "placeholder"),
    "a change with the name of a secret": (C, "crypto isakmp key <secret:psk/gm1> address 10.1.1.1", "placeholder"),
    "overlong change": (C, f"description {'x' * LINE_MAX}", "more than 254"),
}


@pytest.mark.parametrize(("purpose", "line"), PASSES.values(), ids=PASSES)
def test_passes(purpose: Purpose, line: str) -> None:
    permit(line, purpose)


@pytest.mark.parametrize(("purpose", "line", "why"), REFUSED.values(), ids=REFUSED)
def test_refused(purpose: Purpose, line: str, why: str) -> None:
    with pytest.raises(NotAllowedError, match=why.replace("|", r"\|")) as caught:
        permit(line, purpose)
    assert caught.value.exit_code is ExitCode.USAGE
    assert str(caught.value).isprintable()
    assert str(caught.value).isascii()


def test_a_refused_line_shows_no_secret() -> None:
    with pytest.raises(NotAllowedError) as caught:
        permit("crypto isakmp key Canary1? address 0.0.0.0", Purpose.CHANGE)
    assert "Canary1" not in str(caught.value)


@given(st.text(max_size=40), st.sampled_from([R, P]))
def test_whatever_passes_is_one_line_of_plain_text_that_shows_or_probes(text: str, purpose: Purpose) -> None:
    for line in (text, f"show {text}", f"show run | {text}"):
        try:
            permit(line, purpose)
        except NotAllowedError:
            continue
        assert line.isascii()
        assert line.isprintable()
        assert line.split()[0].lower() in {"sh", "sho", "show", "ping", "traceroute"}


def test_the_words_of_the_lists_are_told_apart_by_their_first_letter() -> None:
    """Else an abbreviation of a filter could mean one that writes."""
    firsts = [name[0] for name in (*FILTERS, *WRITERS)]
    assert len(set(firsts)) == len(firsts)
    assert len({probe.word for probe in PROBES}) == len(PROBES)
    assert all(item.shortest <= len(item.word) for item in SIDE_EFFECTS)
