"""How Korean says who speaks in a paper, and the words of companies that machines put there."""

import re

AUTHORS = re.compile(r"저희|우리|연구진|연구팀|저자|필자|(?:본|이)\s?(?:연구|논문|글)")
"""Whom `we` may become."""
COMPANY = re.compile(r"(?<![가-힣])(?:당사|자사|폐사|본사|저희\s회사|우리\s회사)(?=[는의가를에와로도]|\s|$)")
"""How a company calls itself, as `we` or `our`."""
AUTHOR = "저희"
"""How the authors of a paper call themselves."""
_OPENINGS = (
    "또한 따라서 그러나 하지만 특히 이를 이어 이후 최근 다음으로 마지막으로 구체적으로 더 나아가 여기서 그런데 한편 즉 "
    "결국 이에 먼저 끝으로 대신 이때 그 결과"
)
OPENINGS = frozenset(_OPENINGS.split())
"""Words before the subject of a sentence."""
