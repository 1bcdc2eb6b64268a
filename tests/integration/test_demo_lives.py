"""The demo lives on after its job: an edit in its forum's pages is taken in within seconds, and Ctrl-C ends it."""

import html
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

PAPERBOT = Path(sys.executable).with_name("paperbot")
FOLLOWS_S = 20.0
STOPS_S = 10.0


def wait_for(found: Callable[[], object], within_s: float, what: str) -> None:
    end = time.monotonic() + within_s
    while not found():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def field(page: str, name: str) -> str:
    match = re.search(rf'<textarea[^>]* name="{name}"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert match is not None
    return html.unescape(match[1])


@contextmanager
def living_demo(data_dir: Path, tmp_path: Path) -> Iterator[Path]:
    """The demo after its job, until Ctrl-C; yields the file it writes to."""
    output = tmp_path / "output.txt"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [PAPERBOT, "demo", "--model-latency", "0"],
            cwd=tmp_path,
            env={**os.environ, "DATA_DIR": str(data_dir)},
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: process.poll() is not None or "Ctrl-C" in output.read_text(), 60, "the demo did not come up")
        yield output
        process.send_signal(signal.SIGINT)
        assert process.wait(STOPS_S) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_edit_in_the_demos_forum_is_taken_in_and_ctrl_c_stops_all(data_dir: Path, tmp_path: Path) -> None:
    with living_demo(data_dir, tmp_path) as output:
        address = re.findall(r"http://\S+/t/\d+", output.read_text())[-1]
        base = address.split("/t/")[0]
        with httpx.Client(base_url=base, follow_redirects=True) as browser:
            post = re.findall(r'data-post-id="(\d+)"', browser.get(address).text)[0]
            form = browser.get(f"/p/{post}/edit").text
            old = field(form, "raw_old")
            raw = old.replace("\n## Murmuration", "\n사람이 덧붙인 말입니다.\n\n## Murmuration", 1)
            assert raw != old
            assert browser.post(f"/p/{post}/edit", data={"raw": raw, "raw_old": old}).status_code == 200
            wait_for(lambda: "took in an edit" in output.read_text(), FOLLOWS_S, output.read_text())
            said = {"raw": "2번 빼줘", "whisper": "true"}
            assert browser.post(f"{address.removeprefix(base)}/reply", data=said).status_code == 200
            wait_for(lambda: "answered" in output.read_text(), FOLLOWS_S, output.read_text())
            page = browser.get(address).text
            assert "사람이 덧붙인 말입니다." in page


def test_publishing_brings_the_digest_whose_links_all_work(data_dir: Path, tmp_path: Path) -> None:
    with living_demo(data_dir, tmp_path) as output:
        address = re.findall(r"http://\S+/t/\d+", output.read_text())[-1]
        wait_for(lambda: "sign up for them" in output.read_text(), 20, output.read_text())
        mails = re.findall(r"the mails: (\S+)", output.read_text())[0]
        subscribe = re.findall(r"sign up for them: (\S+)", output.read_text())[0]
        with httpx.Client(follow_redirects=True, timeout=20) as browser:
            assert browser.post(subscribe, data={"address": "me@example.com"}).status_code == 200
            wait_for(lambda: "구독 확인" in browser.get(mails).text, 30, output.read_text())
            confirm = re.findall(r'href="(http\S+/confirm/\S+?)"', browser.get(f"{mails}/mails/1").text)[0]
            assert "구독 시작하기" in browser.get(confirm).text
            assert "시작되었습니다" in browser.post(confirm).text
            assert browser.post(f"{address}/publish").status_code == 200
            wait_for(lambda: browser.get(mails).text.count("이번 주 ML 논문 소식") == 2, 40, output.read_text())
            mail = browser.get(f"{mails}/mails/2/html").text
            links = set(re.findall(r'href="(http://127[^"]+)"', mail))
            assert len(links) >= 4
            for link in links:
                assert browser.get(html.unescape(link)).status_code == 200, link
            leave = next(link for link in links if "/u/" in link)
            assert "처리되었습니다" in browser.post(leave, data={"List-Unsubscribe": "One-Click"}).text


def test_draft_deleted_in_an_earlier_demo_does_not_stop_the_next(data_dir: Path, tmp_path: Path) -> None:
    with living_demo(data_dir, tmp_path) as output:
        day, talk = re.findall(r"http://\S+/t/\d+", output.read_text())[1:3]
        assert "Daily Papers" in httpx.get(day, follow_redirects=True).text
        assert httpx.post(f"{day}/delete", follow_redirects=True).status_code == 200
    again = subprocess.run(
        [PAPERBOT, "demo", "--headless", "--model-latency", "0"],
        cwd=tmp_path,
        env={**os.environ, "DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, again.stderr
    assert f"nothing to change: {talk}" in re.sub(r"127\.0\.0\.1:\d+", talk.split("/")[2], again.stdout)
