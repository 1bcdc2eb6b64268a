"""The demo lives on after its job: an edit in its forum's pages is taken in within seconds, and Ctrl-C ends it."""

import html
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
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


def test_edit_in_the_demos_forum_is_taken_in_and_ctrl_c_stops_all(data_dir: Path, tmp_path: Path) -> None:
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
        process.send_signal(signal.SIGINT)
        assert process.wait(STOPS_S) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
