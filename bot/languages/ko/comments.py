"""What kind of remark a comment is: a fault reported, thanks, a question; in Korean and in English."""

import re
from typing import Final

from bot.languages.ko.wording import clauses, masked

TEXT: Final = r"(?:번역|문장|표현|단어|용어|표기|어휘|한글|한국어|한글판|우리말|말투|어미|조사|문구|문맥|글자|어순)"
_OFF: Final = (
    r"(?:이상|틀렸|틀린|틀려|틀리|잘못|안\s?맞|맞지\s?않|맞지가|다릅니|달라|달랐|다르게|다른\s?(?:것|듯|거)|누락|빠졌|빠진|빠져|빠뜨|반대|거꾸로|"
    r"오류|애매|모호|꼬[였여인]|끊[겼긴겨]|잘[렸린려]|중복|두\s?번|뒤바|바뀌[었어]|바뀐|딱딱|아쉬|부정확|정확하지|헷갈|비어|미완|깨[졌져진]|"
    r"의아|걸리네|걸려|거슬|거칠|난해|무슨\s?(?:말|뜻|소리)|매끄|영어\s?그대로|그대로\s?남)"
)
FAULT: Final = re.compile(
    rf"""
      오타(?!쿠)|오탈자|오역|오기(?=[가는로입인네예요\s,.!?]|$)|비문|맞춤법|띄어\s?쓰기|번역투|번역체|어색|부자연|직역|의역|매끄럽지|자연스럽지
    | 안\s?읽[히혀]|잘\s?안\s?읽|읽히지\s?않|말이\s?안\s?(?:되|돼)|무슨\s?(?:말|뜻|소리|의미)인지|뜻이\s?안\s?통|앞뒤가\s?안
    | {TEXT}(?:(?!주장|결과|결론|실험|가정|논리|근거|접근|분석|방법|생각)[^.?!\n]){{0,28}}{_OFF}
    | (?:뜻|의미|주어|서술어|목적어|부정|숫자|단위)(?:이|은|는|가|도|을|를)\s?[^.?!\n]{{0,12}}
      (?:틀|잘못|반대|거꾸로|달라|다릅|다르|빠|누락|뒤바|바뀌|왜곡|이상|안\s?맞|맞지\s?않)
    | (?:문장|앞부분|뒷부분|부분|수식어)[^.?!\n]{{0,12}}너무\s?(?:길|복잡|장황|어렵)
    | [가-힣][^.?!\n]{{0,40}}\b(?:reads?|sounds?|looks?|feels?|is|are|seems?)\s+(?:very\s+|a\s+bit\s+|quite\s+|really\s+|so\s+)?(?:odd|weird|wrong|off|strange|incorrect|inaccurate|confusing)\b
    | 원문(?:과|이랑|하고|이|에는|에선|에서는|은|의|엔|에|대로|보다|을)[^.?!\n]{{0,45}}
      (?:다르|달라|다른|다릅|반대|안\s?맞|맞지\s?않|없는|없던|없습|빠[졌진져지]|누락|인데|이던데|라고\s?되어|라고\s?돼|아닌가|왜곡|의도|의미가)
    | (?:내용|부분|구절|절|조건|구문|단위|수식어|부정어?|\b(?:not|no|un)\b)[이가은는도]?\s?[^.?!\n]{{0,8}}(?:빠[졌진져]|누락)|번역(?:이|은|은\s?아직)?\s?(?:안\s?(?:되|돼|됐|된)|빠|덜)
    | (?:라는|이란|란|이라는)\s?(?:말|단어)[은이을]?[^.?!\n]{{0,6}}(?:안\s?쓰|안\s?써|쓰지\s?않)
    | (?:라는|이란|란|이라는)\s?(?:번역|표현|번역어)[은이을]?[^.?!\n]{{0,12}}(?:처음|낯설|생소|생경|안\s?쓰|안\s?써|쓰지\s?않|뭔|뭐)
    | \btypos?\b(?!-)|\bmis-?(?:translat|spell|spelt|print)|\bmisspel|\bawkward|\bunnatural|\bungrammatical|\bclumsy
    | \btransl\w+[^.?!\n]{{0,40}}\b(?:wrong|off|odd|incorrect|inaccurate|weird|strange|mistake|error|misleading|reversed|opposite)
    | \b(?:wrong|incorrect|inaccurate|bad|weird|strange|odd)(?:ly)?\s+(?:korean\s+)?(?:transl|word|term|spelling|particle)
    | \b(?:wording|sentence|phrase|korean)\b[^.?!\n]{{0,25}}\b(?:wrong|off|odd|incorrect|weird|strange|confusing|broken|reversed|hard\s+to|reads?\s+(?:odd|strange|weird))
    | \b(?:opposite|contrary)\s+(?:of|to)\s+(?:the\s+)?(?:english|original)|\b(?:doesn'?t|does\s+not|don'?t)\s+match\s+the\s+(?:english|original)
    | \b(?:missing|left\s+out|omitted|dropped)\s+(?:in|from)\s+(?:the\s+)?(?:korean|translation)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_REQUEST: Final = re.compile(
    r"(?:확인|검토|점검|수정|정정|교정|재검토|개선|손질)(?:을|를|이|해)?\s?(?:바랍|바람|부탁|해\s?주|요망|필요|요청|좀|해\s?보|해야|되어야|돼야)"
    r"|(?:고쳐|바꿔|수정해|정정해|교정해|손봐|다듬어)\s?(?:주|줘|야|져야)|\bplease\s+(?:fix|check|correct|review)|\bneeds?\s+(?:a\s+)?(?:fix|correction|to\s+be\s+(?:fixed|corrected))"
    r"|(?:이?라고|으로|로)\s?(?:해야|써야|적어야|옮겨야|번역해야|번역되어야|번역돼야|쓰는\s?게|쓰는\s?것이|옮기는\s?게|옮기는\s?것이|번역하는\s?게|번역하는\s?것이)",
    re.IGNORECASE,
)
"""Asks for something to be looked at; that it is the text shows only where a place in it is named."""
NO_FAULT: Final = re.compile(
    r"(?:오타|오탈자|오역|어색\w*|비문|번역투|번역체|직역\w*|이상\w*|부자연\w*|틀린|잘못된|아쉬\w*)"
    r"[^.?!\n]{0,14}(?:없[이네어었는습]|하나도|않[고네아은습]|안\s?(?:보|느)|찾기\s?(?:힘|어)|아니[라고네]|줄\s?알았)"
    r"|\bno\s+typos?\b|\b(?:not|isn't|never)\s+(?:at\s+all\s+)?(?:awkward|unnatural)"
    r"|(?:오타|오역|번역|직역|맞춤법|띄어\s?쓰기)\s?(?:검사|탐지|교정|수정|검출|감지|평가|벤치|모델|데이터|태스크|연구|시스템|품질\s?(?:평가|추정))",
    re.IGNORECASE,
)
_PAPERS_OWN: Final = re.compile(
    r"(?:댓글|링크(?!드)|\blinks?\b|\d\s?페이지|원\s?논문|논문\s?(?:자체|본문|원본|원문|쪽|PDF)|저자(?:들|분)?\s?이름|저자(?:들|분)?[이가의도는은께]|아카이브\s?(?:판|버전)|pdf|v\d\b|부록|appendix"
    r"|(?:표|그림|수식|식|알고리즘|table|fig(?:ure)?|eq(?:uation)?|section|algorithm)\s?\.?\s?\(?\d"
    r"|깃허브|깃헙|github|레포|repo\b|리포|readme|홈페이지|공식\s?코드|코드에|코드의|데이터셋에|원문(?:에도|에서도|\s?자체)"
    r"|원문(?:에|의)\s?(?:오타|오류|오기)|원문\s?오타|the\s+paper(?:'s)?\s+(?:itself|has|own)|authors?\b|original\s+paper)",
    re.IGNORECASE,
)
_OURS: Final = re.compile(
    r"번역|한국어|한글|이\s?글|본\s?글|게시글|포스트|윗글|요약문|정리하신|korean|transl", re.IGNORECASE
)
_THANKS: Final = re.compile(
    r"감사|고맙|고마워|땡큐|잘\s?(?:봤|읽|보았|보고|정리|읽고)|수고|고생\s?많|덕분|유익|도움이?\s?(?:되|됐|많)|최고|좋은\s?(?:글|정보|자료|정리|번역|요약)"
    r"|\bthanks?\b|\bthx\b|\bty\b|\bgreat\s+(?:post|summary|work|job)|\bnice\s+(?:post|summary|work)|\bkudos|👍|🙏|:pray:|:\+1:|:hugs:",
    re.IGNORECASE,
)
_QUESTION: Final = re.compile(
    r"\?|(?:나요|까요|가요|은가|는가|을까|ㄹ까|일까|습니까|ㅂ니까|던데요|는지요|궁금\w*|계신가\w*|알려\s?주\w*|아시는\s?분|어디\s?있\w*)[\s.~!ㅎㅋ^]*$",
    re.MULTILINE,
)
_TERM: Final = re.compile(
    r"통일|일관|용어|보통|통상|흔히|주로|대개|일반적으로|학계|업계|관례|정착|모든|전부|전체적으로|전반적으로|매번|항상|글마다|앞으로"
    r"|\bconsisten|\bterminolog|\bglossary|\busually\b|\bcommonly\b|\beverywhere\b|\bthroughout\b",
    re.IGNORECASE,
)
_EVERYWHERE: Final = re.compile(
    r"통일|일관|모든|전부|모두|전체적으로|전반적으로|매번|항상|앞으로|글마다|용어집|\bconsisten|\bglossary|\beverywhere|\bthroughout",
    re.IGNORECASE,
)
TEXTUAL: Final = re.compile(
    rf"{TEXT}|오타|오역|오기|철자|스펠|뜻|의미|적혀|써\s?있|쓰여|되어\s?있|돼\s?있|되어있|돼있|수정|고쳐|고치|바꿔|바꾸|정정|교정|변경"
    r"|번역하|옮기|옮겨|\btypo|\btransl|\bspell|\bword|\bterm|\bshould\s+(?:be|read|say)|\bchange\b|\breplace\b|\bfix\b|\bcorrect",
    re.IGNORECASE,
)


def reports_fault(text: str) -> bool:
    """Whether it says that something is wrong with the text of a post; not that the paper is, nor that nothing is."""
    return any(FAULT.search(NO_FAULT.sub(" ", clause)) and not speaks_of_paper(clause) for clause in clauses(text))


def asks_for_change(text: str) -> bool:
    """Whether it asks for something to be checked or changed; enough where it names a place, too little elsewhere."""
    return any(
        (_REQUEST.search(clause) or FAULT.search(NO_FAULT.sub(" ", clause))) and not speaks_of_paper(clause)
        for clause in clauses(text)
    )


def speaks_of_paper(text: str) -> bool:
    """Whether it is about the paper's own text, code or tables, about links or comments, not about the post's text."""
    own = masked(text)[0]
    return _PAPERS_OWN.search(own) is not None and _OURS.search(own) is None


def gives_thanks(text: str) -> bool:
    """Whether it thanks or praises."""
    return _THANKS.search(text) is not None


def asks(text: str) -> bool:
    """Whether it asks something."""
    return _QUESTION.search(text) is not None


def is_about_text(text: str) -> bool:
    """Whether it speaks of words and wording at all."""
    return TEXTUAL.search(text) is not None


def is_about_term(text: str) -> bool:
    """Whether it speaks of how a term is rendered in general."""
    return _TERM.search(text) is not None


def means_everywhere(text: str) -> bool:
    """Whether it asks for a change wherever the words stand."""
    return _EVERYWHERE.search(text) is not None


_PROPOSES: Final = re.compile(
    r"수정|고치|고쳐|바꾸|바꿔|변경|제안|교정|다듬|어떨까|어떤가|어떨지|자연스|매끄|이렇게|낫|나을|좋을\s?(?:것|듯)|번역하|번역해"
    r"|\bsuggest|\bbetter\b|\bshould\b|\bfix|\binstead\b|\brephrase|\breword|\bhow\s+about",
    re.IGNORECASE,
)


def proposes(text: str) -> bool:
    """Whether it proposes another wording."""
    return _PROPOSES.search(text) is not None and not speaks_of_paper(text)
