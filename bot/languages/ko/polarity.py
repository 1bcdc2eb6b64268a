"""Korean words that deny, and words for more and less, up and down, better and worse."""

import re

DENIES_PLAINLY = re.compile(
    r"(?<!이상 )(?:[가-힣]+지(?:는|도|를)? (?:않|못[했합하])|[가-힣]+ 수(?:는|도|가)? 없)"
    r"(?:습니다|았습니다|었습니다|합니다|는다|다)"
    r"|것[은이] (?:아닙니다|아니다)"
)
"""A verb that is denied beyond doubt."""
NEEDS_DENIAL = re.compile(r"(?<![가-힣])(?:전혀|결코|(?:어떠한|아무런) [가-힣]+(?: [가-힣]+)?도)(?= )")
"""Words that Korean uses in denials only; what follows up to the end of the clause must deny."""
DENIED_SOMEHOW = re.compile(
    r"않|못|없|아니|아닌|아닙|안 |다르|다른|달라|새로|모르|모른|말|불|무|비|미|반|실패|어렵|드물|금지|거부"
)
WITHOUT = re.compile(r"(?:[가-힣A-Za-z]+(?:이나|나|도)? 없이|없는 채로)(?!도 )")
NOT_WITHOUT = re.compile(r"(?:관계|상관|예외|변함|더할 나위|빠짐|구분|구별|차별|끊임|틀림|아낌)(?:이)? ?없이")

UP = re.compile(
    r"증가|늘[어리려렸]|상승|커[지진져집]|많아|높아|높[이인여일]|확대|성장|증대|향상|개선|올[라리려렸]|"
    r"더 (?:많|높|크|큰|빠|나|좋)|강화|가속|우수"
)
DOWN = re.compile(
    r"감소|줄[어이여였일인]|하락|낮[추춰췄아]|떨어|축소|절감|단축|작아|적어|저하|완화|덜 |"
    r"더 (?:적|낮|작|짧|느)|약화|악화"
)
BETTER = re.compile(
    r"능가|뛰어|우수|앞[서섰선섭지질]|상회|우월|뛰어넘|넘어|초과|더 (?:높|좋|나은|나)|향상|높은|웃돌|우위"
)
WORSE = re.compile(
    r"뒤[처쳐떨]|뒤진|뒤지|열등|미치지 못|못 미|저조|밀[리린려]|떨어지|떨어진|떨어집|하회|밑돌|열세|더 낮|"
    r"못하|못합"
)
LESS = re.compile(
    r"덜|적[은게어으습]|작[은게아으습]|낮|줄|감소|미만|이하|짧|느[리린]|축소|절감|부족|못|않|낮추|떨어|"
    r"보다 [가-힣]*(?:낮|적)|만으로|불과|드[물문]"
)
MORE = re.compile(r"더 (?:많|높|크|큰|빠|강|긴|길|나은|나|좋|정확|효율|깊|넓|잘)")


def subject_beats(winner: str, loser: str) -> re.Pattern[str]:
    """Korean in which `winner` is said to outdo `loser`."""
    return re.compile(
        rf"{re.escape(winner)}(?:은|는|이|가)(?![가-힣])[^.]{{0,40}}?"
        rf"{re.escape(loser)}(?:보다|[을를] (?:능가|뛰어|앞))"
    )
