"""A comment of hundreds of quotes under a long talk holds nobody up."""

import time

from bot.corrections.article import read_article
from bot.corrections.detect import detect

SENTENCES = " ".join(f"트랜스포머 {n}번은 좋은 모델입니다. 침대 프롬프트를 {n}번 씁니다." for n in range(300))


def test_hundreds_of_quotes_cost_little() -> None:
    article = read_article(f"## 1. Lamps\n\n**초록**\n\n{SENTENCES}", title="Talk")
    started = time.process_time()
    assert detect(article, "> 침대 프롬프트를\n\n" * 700)
    assert time.process_time() - started < 15
