"""Where webhooks may go: every odd spelling and every inward address is refused, and DNS cannot change its mind."""

import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.contracts.errors import DeliveryError, UsageError
from countenance.surface.destinations import Allowed, destination, is_public

NOBODY = Allowed()

ADDRESSES = """
0.0.0.0 0.0.0.1 0.1.2.3 0.255.255.255 10.0.0.0 10.0.0.1 10.1.2.3 10.255.255.255 100.64.0.0 100.64.0.1 100.100.100.200
100.127.255.255 127.0.0.0 127.0.0.1 127.0.0.53 127.0.1.1 127.1.1.1 127.127.127.127 127.255.255.255 169.254.0.0
169.254.0.1 169.254.169.123 169.254.169.253 169.254.169.254 169.254.170.2 169.254.170.23 169.254.255.255 172.16.0.0
172.16.0.1 172.17.0.1 172.20.10.1 172.31.255.255 192.0.0.0 192.0.0.1 192.0.0.8 192.0.0.170 192.0.0.192 192.0.2.1
192.0.2.255 192.88.99.1 192.168.0.1 192.168.1.1 192.168.255.255 192.175.48.1 192.31.196.1 192.52.193.1 198.18.0.1
198.19.255.255 198.51.100.1 203.0.113.1 203.0.113.255 224.0.0.1 224.0.0.251 232.0.0.1 233.252.0.1 239.255.255.250
240.0.0.1 250.1.1.1 255.255.255.254 255.255.255.255 168.63.129.16
:: ::1 ::2 ::7f00:1 ::127.0.0.1 ::10.0.0.1 ::8.8.8.8 ::ffff:0:0 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
::ffff:192.168.0.1 ::ffff:8.8.8.8 ::ffff:7f00:1 ::ffff:a9fe:a9fe ::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8 64:ff9b::127.0.0.1
64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::8.8.8.8 64:ff9b:1::1 64:ff9b:1:ffff::10.0.0.1 100::1 100:0:0:1::1
2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:1::1 2001:2::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1
2001:30::1 2001:db8::1 2001:db8:ffff::1 2002::1 2002:7f00:1::1 2002:a00:1::1 2002:a9fe:a9fe::1 2002:c0a8:101::1
2002:808:808::1 2620:4f:8000::1 3fff::1 3fff:fff::1 5f00::1 4000::1 8000::1 c000::1 e000::1 f000::1 fc00::1 fc00:1::1
fd00::1 fd00:ec2::254 fd00:ec2::23 fd20:ce::254 fdff:ffff::1 fe00::1 fe80::1 fe80::a9fe:a9fe fe80::5efe:10.0.0.1
febf::1 fec0::1 feff::1 ff00::1 ff01::1 ff02::1 ff02::fb ff05::2 ff0e::1 ffff::1
""".split()  # noqa: SIM905
"""What a name may lead to, and no webhook may."""

SPELLINGS = r"""
http://example.com/ http://8.8.8.8/ https://2130706433/ https://017700000001/ https://0x7f000001/ https://0x7f.1/
https://0x7F.0x0.0x0.0x1/ https://0177.0.0.1/ https://0177.0.0.01/ https://127.1/ https://127.0.1/ https://10.1/
https://0/ https://0.0/ https://00000000/ https://3232235521/ https://0xc0a80001/ https://0300.0250.0.1/
https://0251.0376.0251.0376/ https://0xa9fea9fe/ https://2852039166/ https://169.254.43518/ https://169.16689662/
https://0xa9.0xfe.0xa9.0xfe/ https://0xa9.254.0251.254/ https://169.254.169.254./ https://127.0.0.1./
https://127.0.0.256/ https://127.0.0.1.1/ https://1.2.3/ https://1.2.3.4.5/ https://999.1.1.1/ https://08.8.8.8/
https://8.8.8.08/ https://4294967296/ https://0x/ https://1.0x/ https://a.0x7f/ https://a.1/ https://example.123/
https://[::1]/ https://[::]/ https://[::ffff:127.0.0.1]/ https://[0:0:0:0:0:ffff:7f00:1]/ https://[::ffff:7f00:1]/
https://[fe80::1%25eth0]/ https://[fe80::1%eth0]/ https://[2606:4700::1111%251]/ https://[64:ff9b::7f00:1]/
https://[2002:7f00:1::]/ https://[::127.0.0.1]/ https://[1::2::3]/ https://[12345::1]/ https://[:]/ https://[]/
https://[v1.a]/ https://[::1 https://::1/ https://::1]/ https://[127.0.0.1]/ https://[example.com]/
https://user@example.com/ https://user:pass@example.com/ https://example.com@127.0.0.1/ https://127.0.0.1@example.com/
https://example.com%40127.0.0.1/ https://example.com:443@127.0.0.1/ https://@example.com/ https://:@example.com/
https://a:b@169.254.169.254:443/ https://example.com\@127.0.0.1/ https://127.0.0.1\@example.com/
https:\\example.com\ https:/\example.com/ https:///example.com/ https:/example.com/ https:example.com
//example.com/ example.com /hook https:// https://# https://? https:///
https://example.com:22/ https://example.com:25/ https://example.com:80/ https://example.com:6379/
https://example.com:8443/ https://example.com:0443/ https://example.com:0/ https://example.com:65536/
https://example.com:65979/ https://example.com:99999999/ https://example.com:-443/ https://example.com:+443/
https://example.com:443:443/ https://example.com:/ https://example.com:0x1bb/ https://example.com:%34%34%33/
https://example.com:4４3/ https://example.com:443#@127.0.0.1/ https://example.com#frag https://example.com/#frag
https://example.com?x https://example.com/a#b https://example.com/<script> https://example.com/"x https://example.com/^
https://example.com/{x} https://example.com/|x https://example.com/`x https://example.com/\x https://example.com/é
https://127。0。0。1/ https://127．0．0．1/ https://127｡0｡0｡1/ https://①②⑦.0.0.1/ https://１２７.0.0.1/ https://ⓔxample.com/
https://example。com/ https://exämple.com/ https://localhoſt/ https://ⓛocalhost/ https://bücher.example/
https://127%2e0%2e0%2e1/ https://%31%32%37.0.0.1/ https://local%68ost/ https://example.com%00.evil.com/
https://example.com%2f@127.0.0.1/ https://example..com/ https://.example.com/ https://example.com./ https://.../
https://-example.com/ https://example-.com/ https://exa_mple.com/ https://a,b.com/ https://a;b.com/ https://a+b.com/
https://localhost/ https://LOCALHOST/ https://localhost./ https://localhost.localdomain/ https://a.localhost/
https://printer.local/ https://metadata.google.internal/ https://metadata/ https://kubernetes.default/
https://kubernetes.default.svc.cluster.local/ https://db/ https://router.lan/ https://nas.home/ https://x.corp/
https://x.private/ https://x.intranet/ https://1.0.0.127.in-addr.arpa/ https://x.home.arpa/ https://abc.onion/
https://x.test/ https://instance-data.ec2.internal/
ftp://example.com/ file:///etc/passwd gopher://127.0.0.1:6379/_ dict://127.0.0.1/ ldap://127.0.0.1/ data:text/plain,x
javascript:alert(1) ws://example.com/ wss://example.com/ unix:///var/run/docker.sock jar:https://example.com!/
HTTPS+unix://example.com/ httpss://example.com/ httphttps://example.com/
""".split()  # noqa: SIM905
"""Words that some program reads as an inward place, or that two programs could read in two ways."""

BLANKS = (
    " https://example.com/", "https://example.com/ ", "https://exam ple.com/", "https://example.com/a b",
    "https://example.com\t/", "https://example.com\n/", "https://exa\nmple.com/", "https://example.com/\r\nHost: x",
    "https://example.com/\x00", "https://\u202eexample.com/", "https://exa\u00admple.com/", "https://example\u200b.com/",
    "https://127.0.0.1\u3002/", "\ufeffhttps://example.com/", "https://example.com/\x7f", "", "https://\t/",
    "https://" + "a" * 64 + ".com/", "https://" + "a." * 127 + "com/", "https://example.com/" + "a" * 2048,
)  # fmt: skip

PUBLIC = ("1.1.1.1", "8.8.8.8", "93.184.215.14", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
          "192.0.1.1", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700:4700::1111",
          "2001:4860:4860::8888", "2a00:1450:4001:81b::200e", "2003::1", "3ffe::1")  # fmt: skip


def test_there_are_more_than_two_hundred_vectors() -> None:
    assert len(set(ADDRESSES)) + len(set(SPELLINGS)) + len(BLANKS) >= 300
    assert len(set(ADDRESSES)) == len(ADDRESSES)
    assert len(set(SPELLINGS)) == len(SPELLINGS)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_name_leads_to_an_address_that_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))
    place = destination("https://hooks.example.com/x", NOBODY)
    for answer in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        with pytest.raises(DeliveryError, match="not public"):
            place.check(answer)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_url_spells_an_address_that_is_not_public(address: str) -> None:
    with pytest.raises(UsageError):
        destination(f"https://[{address}]/" if ":" in address else f"https://{address}/", NOBODY)


@pytest.mark.parametrize("url", [*SPELLINGS, *BLANKS])
def test_what_is_not_spelt_plainly_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        destination(url, NOBODY)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_sent_to(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    place = destination(f"https://{host}/hook?x=1", NOBODY)
    (found,) = place.check([address])
    assert place.pinned(found) == f"https://{host}:443/hook?x=1"
    assert place.authority == host


def test_a_name_stays_the_name_while_its_address_is_pinned() -> None:
    place = destination("HTTPS://Hooks.Example.com/Path/%7Ex?Q=A/b", NOBODY)
    assert (place.scheme, place.host, place.port, place.authority) == (
        "https", "hooks.example.com", 443, "hooks.example.com",
    )  # fmt: skip
    found = place.check(["93.184.215.14", "2606:4700::1"])
    assert [place.pinned(one) for one in found] == [
        "https://93.184.215.14:443/Path/%7Ex?Q=A/b", "https://[2606:4700::1]:443/Path/%7Ex?Q=A/b",
    ]  # fmt: skip
    assert destination("https://xn--bcher-kva.example.com", NOBODY).path == "/"


@pytest.mark.parametrize("answer", [["fe80::1%eth0"], ["2606:4700::1%1"], ["not an address"], [""], ["127.1"]])
def test_an_answer_that_is_no_plain_address_is_refused(answer: list[str]) -> None:
    with pytest.raises(DeliveryError, match="not public"):
        destination("https://hooks.example.com/", NOBODY).check(answer)


def test_a_name_without_an_address_is_refused() -> None:
    with pytest.raises(DeliveryError, match="has no address"):
        destination("https://hooks.example.com/", NOBODY).check([])


def test_what_the_operator_lists_may_be_sent_to() -> None:
    allowed = Allowed.of(["10.1.0.0/16", "fd00::/8", "192.168.7.7", "hooks.internal", "gateway"], [8443])
    assert destination("http://10.1.2.3:8443/x", allowed).authority == "10.1.2.3:8443"
    assert destination("https://[fd00::5]/", allowed).authority == "[fd00::5]"
    for url in ("https://hooks.internal/", "https://gateway/", "https://192.168.7.7/"):
        destination(url, allowed)
    inward = destination("https://hooks.internal/", allowed)
    assert [str(one) for one in inward.check(["10.1.9.9"])] == ["10.1.9.9"]
    with pytest.raises(DeliveryError, match="not public"):
        inward.check(["10.2.0.1"])
    plain = destination("http://hooks.internal:8443/", allowed)
    plain.check(["10.1.9.9"])
    with pytest.raises(DeliveryError, match="without TLS"):
        plain.check(["8.8.8.8"])
    for url in ("http://10.1.2.3/", "https://10.2.0.1/", "https://other.internal/", "https://192.168.7.8/"):
        with pytest.raises(UsageError):
            destination(url, allowed)


@pytest.mark.parametrize("entry", ["10.1.0.0/33", "10.1.2.3/16", "a b", "-a", "127.1", "0x7f.1", "", "a..b", "*"])
def test_a_list_that_is_not_clear_is_refused(entry: str) -> None:
    with pytest.raises(UsageError, match="no network and no name"):
        Allowed.of([entry])


@given(st.integers(0, 2**32 - 1))
def test_a_plain_number_is_never_a_place(number: int) -> None:
    for spelt in (str(number), hex(number), f"0{number:o}"):
        with pytest.raises(UsageError):
            destination(f"https://{spelt}/", NOBODY)


@given(st.ip_addresses(v=6))
def test_an_address_that_embeds_another_is_never_public(address: object) -> None:
    found = ip_address(str(address))
    if is_public(found):
        assert found.is_global
        assert found.version == 6
        assert (found.ipv4_mapped, found.sixtofour, found.teredo) == (None, None, None)


@given(st.ip_addresses(v=4))
def test_a_public_address_is_one_for_the_standard_library_too(address: object) -> None:
    found = ip_address(str(address))
    if is_public(found):
        assert found.is_global
        assert not found.is_multicast


@given(st.text(max_size=30))
def test_whatever_passes_means_to_the_system_what_it_means_here(text: str) -> None:
    try:
        place = destination(f"https://{text}/", NOBODY)
    except UsageError:
        return
    assert place.host == text.strip("[]").lower().split("/")[0].removesuffix(":443")
    try:
        plain = socket.inet_aton(place.host)
    except OSError:
        return
    assert is_public(ip_address(plain))
