"""Pieces that the reading of comments is made of: quotation marks, clauses, and how Koreans end what they propose."""

import re
from typing import Final

_CLAUSE_END: Final = re.compile(r"(?<=[.?!~…])\s+|(?<=[다요죠음임함네])[.?!~]+(?=\S)|\n+|(?<=[ㅎㅋ])\s+")


def clauses(text: str) -> list[str]:
    """Sentences as people write them in comments."""
    return [clause.strip() for clause in _CLAUSE_END.split(text) if clause and clause.strip()]


_QUOTED: Final = re.compile(
    r"‘(?P<a>[^‘’\n]{1,400})’|“(?P<b>[^“”\n]{1,400})”|\"(?P<c>[^\"\n]{1,400})\"|(?<![\w'])'(?P<d>(?:[^'\n]|'(?=[A-Za-z])){1,400})'"
    r"|`(?P<e>[^`\n]{1,400})`|「(?P<f>[^」\n]{1,400})」|『(?P<g>[^』\n]{1,400})』|\*\*(?P<h>[^*\n]{1,400})\*\*"
    r"|《(?P<i>[^》\n]{1,400})》|〈(?P<j>[^〉\n]{1,400})〉|«(?P<k>[^»\n]{1,400})»|‘(?P<l>[^‘'\n]{1,80})'|<(?P<m>[^<>\n/]{1,80})>"
)
FIRST_MARK: Final = 0xE000
MARK: Final = r"[\uE000-\uF8FF]"


def masked(text: str) -> tuple[str, list[str]]:
    """The text with each quoted string as one private character, and the strings."""
    strings: list[str] = []

    def mask(found: re.Match[str]) -> str:
        strings.append(next(group for group in found.groups() if group is not None).strip())
        return chr(FIRST_MARK + len(strings) - 1)

    plain = re.sub(MARK, " ", text)
    return _QUOTED.sub(lambda found: mask(found) if len(strings) < 1000 else found.group(), plain), strings


def unmasked(text: str, strings: list[str]) -> str:
    """The strings back in their place, without quotation marks."""
    return re.sub(MARK, lambda found: strings[ord(found.group()) - FIRST_MARK], text)


PARTICLE: Final = r"(?:이라고|라고|이라는|라는|으로|로|이|가|을|를|은|는|도|의|인|이란|란)?(?:\s?(?:쪽이|편이|표현이|단어가|말이|번역이))?"
CUE: Final = (
    r"(?:더\s?|좀\s?|훨씬\s?|오히려\s?)?(?:맞[지는을습아게다죠네]|맞을|아닌가|아닐까|아닐지|아닌지|아니에|아녜|아닙니|아님|아냐|낫[다지겠습네]|나을|나아|자연스|매끄|적절|적합|정확|올바|옳|바람직"
    r"|좋을|좋겠|어울|가까[울운]|가깝|바꾸(?:는\s?(?:게|것|편)|시|어|자|셔|면\s?(?:좋|어떨|더|될)|길)|바꿔(?!서\s|도\s|보|봤)|수정|고치(?:는\s?(?:게|것|편)|시|셔|면\s?(?:좋|어떨|더|될)|길)|고쳐|변경|정정|교체|교정|번역[하해되돼]|번역이|옮[기겨]|표기|표현|써야|쓰[는면시]|쓴다|쓰이|씁니|사용|이어야|여야|해야|되어야|돼야"
    r"|오타|오역|오기|잘못|같[아습]|(?:입니다|이에요|예요|이예요)(?=[\s.!~)]*$)|일\s?(?:것|듯)|인\s?(?:것|듯)|인\s?거|임[\s.]*$|이죠|겠[죠지네습]|이라고\s?해야|라고\s?해야|부탁|해\s?주|하시|하는\s?(?:게|것|편)|어떨|어떤가|가야|의미|뜻이|뜻인|뜻입|되어|돼)"
)
TAIL: Final = re.compile(rf"(?P<new>.+?)\s*{PARTICLE}\s*{CUE}.{{0,80}}")
ASKED: Final = (
    r"(?:(?:으로|로|라고|이라고)\s*(?:모두\s*|전부\s*|다\s*|다시\s*)?"
    r"(?:(?:수정|변경|정정|교체|교정|통일|번역|표기|표현|사용|대체)(?:을|를)?\s?(?:해\s?[주야줘]|해야|하[는시면길자심]|하셔야|되어야|돼야|될|부탁|필요|바랍|바람|요청|요망|제안|이\s|가\s|[.!\s]*$)"
    r"|바꾸(?:면\s?(?:좋|어떨|더|될|훨씬)|는\s?(?:게|것|편)|시|어|자|셔|길|심)|바꿔(?:\s?[주야줘요보]|서\s?쓰)|고치(?:면\s?(?:좋|어떨|더|될)|는\s?(?:게|것|편)|시|셔|길|심)|고쳐(?:\s?[주야줘요])|옮기(?:는\s?(?:게|것|편)|시|면\s?(?:좋|어떨))|옮겨\s?[주야]"
    r"|쓰(?:는\s?(?:게|것|편)|시|면\s?(?:좋|어떨|더))|써\s?(?:야|주)|맞춰\s?[주야]|맞추|가야|가는\s?(?:게|것)|해야|해\s?주|하(?:는\s?(?:게|것|편)|면\s?(?:좋|어떨|더)|시는|심|셔야)|되어야|돼야|부탁|정정|수정$))"
)
"""A request to put something in, after what is to be put in."""
PASSIVE: Final = (
    r"(?:잘못\s*|오타로\s*)?(?:번역|표기|표현|오역|기재|서술|작성|오기|인쇄|입력)?\s*"
    r"(?:되어(?!야)|되었|돼(?!야)|됐|된(?!다면)|되고\s?있|적[혀힌었]|써\s?(?:있|져|두|놓)|썼|쓰[여인]|쓰셨|나[와오왔]|하셨|해\s?(?:두|놓)|하고\s?계|보이|오타|오기)"
)
VERBAL_END: Final = re.compile(
    r"(?:[는은을]|[가-힣])\s(?:게|것|거|건|걸|편|쪽|수|데)(?:이|은|가)?$|(?:에서|인데|는데|니까|면서|지만)\s\S+$|\s(?:너무|매우|정말|이미|아직)$"
)
"""Such an end is part of a sentence about something, never a wording to be put in."""
LABELLED: Final = re.compile(
    r"\s*(?:[-*+•]\s+)?[\[(<【]?\s*(?P<label>[가-힣A-Za-z][가-힣A-Za-z \-]{0,14}?)\s*(?:[\])>】]?\s*[:：=]|[\])>】])\s*(?P<text>\S.*)",
    re.DOTALL,
)
LIST_MARK: Final = re.compile(r"^\s*(?:[-*+•●▪·]\s+|\(?\d{1,2}[).]\s+|[①-⑳]\s*|[ㄱ-ㅎ가나다라마바사][).]\s+)")
END_NOISE: Final = re.compile(r"[\s.!?~…ㅎㅋㅠㅜ^;:]+$")
GLUE_TAIL: Final = re.compile(
    r"\s*(?:입니다|이에요|예요|이예요|이요|(?<![네나까군어아해세죠지데])요|임|인\s?듯(?:요|합니다|해요)?|같아요|같습니다)$"
)
OPINION_END: Final = re.compile(
    r"(?:네요|나요|까요|군요|구나|어요|아요|해요|세요|습니다|니다|죠|지요|는데|은데|던데|거든요|겠다|한다|된다|었다|았다|ㅋ+|ㅎ+|음|함|됨)[\s.!?~)]*$"
)
NO_WORDING: Final = re.compile(
    r"(?:무슨|뭔|무엇|뭐|뭘|어떤|어느|왜|이게|그게|저게|이것|그것|이건|그건)(?:\s.*)?|더|좀|핵심|사실|진짜|정말|훨씬|가장|제일|중요|문제|별로|너무"
)
"""What nobody would put into a text, though it stands where a wording could."""
STOP_WORDS: Final = frozenset(
    [
        "부분",
        "문장",
        "표현",
        "단어",
        "번역",
        "초록",
        "소개",
        "제목",
        "논문",
        "내용",
        "글",
        "이것",
        "그것",
        "여기",
        "거기",
        "이거",
        "그거",
        "용어",
        "오타",
        "원문",
        "본문",
        "것",
        "이",
        "그",
        "저",
        "수",
        "등",
        "및",
        "중",
    ]
)
"""Words that say where something is, and are never themselves what is to be replaced."""
PARTICLE_NEXT: Final = re.compile(
    r"(?:은|는|이|가|을|를|의|에|에서|에게|에는|에도|와|과|로|으로|로서|로써|으로서|으로써|도|만|보다|처럼|까지|부터|마다|이나|나|이란|란|이라는|라는|이라고|라고|들|이며|며|이고|고|인|임|입니다|이다|별|적|한|하)"
)
"""What may follow a noun within its word."""
_PREFIX_END: Final = re.compile(
    r"(?:[.!?:：,\-–—)\]~=]|에서|에서는|에서의|의|중|중에|중에서|에|에는|은|는|이|가|도|에도|및|그리고|또|또한|혹시|근데|그런데|오타|오역|보면|문장|초록|소개|제목|논문|부분|\d번|번째|typo|the|in|says?|word|term|abstract|title|sentence)$",
    re.IGNORECASE,
)


def may_stand_before(words: list[str]) -> bool:
    """Whether these words can lead up to a citation, so that what follows them is all of it."""
    return not words or _PREFIX_END.search(words[-1]) is not None
