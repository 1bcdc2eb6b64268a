"""How often Korean says no, in any of its ways: the verbs and endings of denial, and words that deny between the lines.

Words of the second kind (`실패`, `한계`, `그대로`) count only where the English has nothing else that they stand for:
`a failure ... not` needs a denial beside its `실패`.
"""

import re

_PREFIXED = (
    r"(?<![가-힣])(?:불(?!러|릅|구|과|을|빛|렀)|비(?!용|교|디오|전|율|중|슷|롯|평|판|트|주얼|즈|"
    r"결[은이을과]|밀|법|유|서|견|례|행|쿼)"
    r"|무(?!엇|작위|게|대|기|거|겁|려|역|장|언)|미(?!세|래|국|디어|리|치|친|칩|쳤|시|터|분|끄|만|묘|디|술|니|러|믹)"
    r"|부(?=정확|적[절합]|족|재|실|당[한하]|자연|주의))[가-힣]"
)
_PLAINLY = re.compile(
    r"(?<!지나지 )(?<!마지)(?<!못지)않|못(?!지않)|"
    r"(?<!밖에 )(?<!다름)(?<!틀림)(?<!끊임)(?<!나위 )(?<!나위)없(?![애앴앤앨])"
    r"|(?<!뿐 )(?<!뿐만 )아(?:니[라며고지오]|닌|닙|님|닐|니[었었])|(?<![가-힣])안 (?=[가-힣])|말고|말아|"
    r"말라|모르|모른|모를|몰[라랐]|불가"
    rf"|{_PREFIXED}"
)
_BETWEEN_THE_LINES: tuple[tuple[str, str], ...] = (
    ("실패", r"fail\w*"),
    (
        "어렵|어려|힘[들든듭]|까다|난해|곤란|고전",
        r"difficult\w*|hard\w*|challeng\w*|struggl\w*|trouble\w*|tough|complex\w*",
    ),
    ("한계|제한|국한", r"limit\w*|bound\w*|restrict\w*|constrain\w*"),
    ("부족|모자|결여|결핍", r"lack\w*|insufficien\w*|short\w*|scarc\w*|poor\w*|deficien\w*|under\w+"),
    (
        "제외|배제|빼[고면는기]|외[에의](?![가-힣])",
        r"except\w*|unless|exclu\w*|remov\w*|drop\w*|apart|beyond|besides|other\sthan|rule[sd]?",
    ),
    ("대신|대체", r"instead|rather|replac\w*|trad\w*|place|alternativ\w*|substitut\w*"),
    ("(?<![가-힣])덜 ", r"less|fewer|lower\w*|reduc\w*"),
    ("막[고는아을지습]|방지|예방|차단", r"prevent\w*|avoid\w*|block\w*|stop\w*|mitigat\w*|defen\w*|protect\w*"),
    ("피[하합한할해했]|회피|벗어|탈피|우회", r"avoid\w*|escap\w*|circumvent\w*|evad\w*|out|beyond|depart\w*|bypass\w*"),
    ("그치|그쳐|그칩|그친|불과", r"only|just|mere\w*|limited"),
    ("뿐(?! 아니| 만 아니)(?!만)", r"only|just|simpl\w*|mere\w*|all"),
    (
        "만으로|만[을이]?(?= )(?<!지만)",
        r"only|just|alone|pure\w*|sole\w*|single|exclusiv\w*|mere\w*|but|million|though|while|however",
    ),
    ("이하|이내|미만|최대", r"under|below|within|most|up\sto|less|fewer|max\w*|than"),
    ("이상|최소", r"least|more|over|min\w*|above|exceed\w*|longer|anomal\w*|ideal\w*|than"),
    ("넘[는어은을지습]", r"exceed\w*|surpass\w*|over|beyond|more|above|outperform\w*|than"),
    ("그대로|온전", r"remain\w*|keep\w*|kept|preserv\w*|retain\w*|same|direct\w*|intact|exact\w*|still|as|full\w*"),
    ("유지", r"maintain\w*|keep\w*|kept|preserv\w*|retain\w*|remain\w*|hold\w*|stay\w*|same|consisten\w*"),
    ("동일|똑같|같은|같습", r"same|equal\w*|identical\w*|like|such|match\w*|equivalen\w*"),
    ("변함|일정|고정|동결", r"constant\w*|fix\w*|frozen|freez\w*|static|stable|consisten\w*|schedul\w*|certain"),
    (
        "다[르른릅를]|달[라랐리]|차이|별개",
        r"other\w*|differ\w*|another|var\w+|unlike|distinct\w*|gap|contrast|separate\w*|chang\w*|while",
    ),
    ("처음|새로", r"first|new\w*|novel\w*|initial\w*|begin\w*|scratch|original\w*|re\w+"),
    ("거의|드[물문뭅]", r"almost|near\w*|rare\w*|hardly|few|little|barely|seldom|most\w*|negligibl\w*"),
    ("무시|간과|외면", r"ignor\w*|negligibl\w*|disregard\w*|neglect\w*|overlook\w*"),
    ("생략|건너|누락|놓[치친칩쳐]|빠[지진짐뜨]", r"skip\w*|omit\w*|miss\w*|drop\w*|lack\w*"),
    ("버[리려립린]|제거|없[애앴앤앨]", r"remov\w*|drop\w*|discard\w*|eliminat\w*|prun\w*|delet\w*|nois\w*|forget\w*"),
    ("무너|깨[지진집져]|어긋|위반|어[기긴긋김깁]", r"break\w*|brok\w*|violat\w*|collaps\w*|mismatch\w*|misalign\w*"),
    ("독립|자유", r"independen\w*|free\w*|standalone"),
    ("거[부절]", r"reject\w*|refus\w*|declin\w*"),
    ("잃|상실|손실", r"los\w+"),
    (
        "떨어|저하|악화|뒤[처떨]|낮[은아습]",
        r"degrad\w*|los\w+|compromis\w*|sacrific\w*|harm\w*|hurt\w*|impair\w*|drop\w*|fall\w*|fell|lag\w*|"
        r"low\w*|worse\w*|decreas\w*|declin\w*|behind|suffer\w*",
    ),
    (
        "줄[이어여일인입]|감소|절약|절감",
        r"reduc\w*|decreas\w*|less|fewer|lower\w*|shrink\w*|cut\w*|sav\w*|minim\w*|mitigat\w*|drop\w*",
    ),
    ("오히려|반대", r"rather|instead|actual\w*|fact|contrary|oppos\w*|contra\w*|revers\w*"),
    ("비로소|에야|에서야|야만|때만", r"only"),
    ("멈[추춘출춥췄]|중단|정지", r"stop\w*|halt\w*|paus\w*|ceas\w*|terminat\w*"),
    ("금지", r"forbid\w*|prohibit\w*|ban\w*"),
    ("오류|잘못|틀[리린립렸]", r"error\w*|wrong\w*|mis\w+|incorrect\w*|fault\w*|fals\w*|inaccura\w*"),
    ("일부|(?<!대)부분", r"some\w*|part\w*|certain|subset\w*|portion\w*"),
    ("보다", r"than|rather|over|compar\w*|\w+er|\w+est|outperform\w*|surpass\w*|exceed\w*"),
    ("못지않|대등|맞먹|필적|견[줄주]", r"match\w*|compar\w*|equal\w*|par|similar\w*|rival\w*|competit\w*"),
    ("남[아은습]", r"remain\w*|left|leav\w*|rest|surviv\w*"),
    (
        "모호|애매|뜻밖|의외|엉뚱|소수|희박|(?<![가-힣])적[은다었습]",
        r"ambig\w*|vague\w*|surpris\w*|fewer|less|small\w*|low\w*",
    ),
    ("프리(?![가-힣])|해방", r"free"),
)
_COMPILED = tuple((re.compile(ko), re.compile(rf"\b(?:{en})\b", re.IGNORECASE)) for ko, en in _BETWEEN_THE_LINES)


def plain_denials(korean: str) -> int:
    """How many words of the Korean deny beyond doubt (`않`, `없`, `아니다`, `불가능`)."""
    return len(_PLAINLY.findall(korean))


def possible_denials(korean: str, english: str) -> int:
    """How many words of the Korean may deny something, those left out that other words of the English explain."""
    return plain_denials(korean) + sum(
        len(pattern.findall(korean))
        for pattern, explained in _COMPILED
        if pattern.search(korean) and not explained.search(english)
    )
