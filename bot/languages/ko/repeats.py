"""What Korean may double (`하나하나`, `정확도도`) and what it may not (`궤적도도`, `모델을을`)."""

import re

from bot.languages.ko.morphology import morphemes

_REDUPLICATED_WORDS = (
    "하나하나 하나 각각 서로서로 서로 따로따로 따로 차근차근 조목조목 구석구석 반짝반짝 두고두고 "
    "오래오래 하루하루 순간순간 사이사이 마디마디 가지가지 시시각각 점점 점차 더욱더 매우 아주 한층 "
    "조금조금 조금 차곡차곡 굽이굽이 겹겹이 층층이 고루고루 두루두루 줄줄이 번번이"
)
REDUPLICATED = frozenset(_REDUPLICATED_WORDS.split())
DOUBLING = frozenset(
    {
        "하나",
        "서로",
        "따로",
        "차근",
        "조목",
        "구석",
        "반짝",
        "두고",
        "오래",
        "하루",
        "순간",
        "사이",
        "마디",
        "조금",
        "두루",
        "고루",
    }
)
"""Halves of words that are doubled on purpose."""

DOUBLED_PARTICLE = re.compile(
    r"(?<![가-힣])(?P<stem>[가-힣A-Za-z0-9]{1,12}?)(?:(?P<particle>을|를|은|는|와|에|도|에서|에게|으로|까지|부터)(?P=particle))(?![가-힣])"
)
DOUBLED_ENDING = re.compile(r"((?:합|입|됩|습|십)니다|니다)\1|(?<=니다)(다)(?=\.)")
DOUBLED_NOUN = re.compile(r"(?<![가-힣])([가-힣]{2,6})\1(?=[을를은는이가의에와과로도]?(?![가-힣]))")
SAID_TWICE = re.compile(
    r"(?<![가-힣])[대소고저초다최신재과준반비](?P<noun>[가-힣]{2,4}) [가-힣A-Za-z]{1,8} (?P<noun_again>(?P=noun))"
    r"(?=[을를은는이가의에와과로도]?(?:[^가-힣]|$))"
)

# Nouns in -도 (degree, system, map ...) that the particle 도 may follow; every noun of one more syllable too.
_IN_DO_WORDS = (
    "난이도 복잡도 유사도 해상도 신뢰도 정확도 만족도 선호도 중요도 친밀도 관련도 연관도 지지도 완성도 "
    "충실도 민감도 특이도 기여도 숙련도 이해도 활용도 인지도 희소도 엄밀도 다양도 자유도 조밀도 집중도 "
    "위험도 심각도 성숙도 밝기도 균일도 순도 적합도 정밀도 혼잡도 당혹도 유창도 공정도 투명도 일치도 "
    "참여도 응답도 의존도 노출도 가시도 가독도 명료도 효율도 안정도 견고도 타당도 호감도 긴급도 점도 "
    "충성도 태도 시도 용도 제도 의도 각도 강도 농도 밀도 빈도 속도 온도 정도 지도 척도 한도 고도 구도 "
    "궤도 인도 습도 채도 명도 위도 경도 감도"
)
_IN_DO = frozenset(_IN_DO_WORDS.split())
_NOT_PARTICLE = frozenset({("마", "을"), ("가", "을"), ("노", "을"), ("고", "을"), ("개", "울"), ("얼", "음")})


def is_word(stem: str, particle: str) -> bool:
    """Whether stem and particle make a noun that may take the same particle again (`정확도도`, `마을을`)."""
    if particle == "도":
        if (
            len(stem) < 2
            or stem + particle in _IN_DO
            or any(stem.endswith(word[:-1]) for word in _IN_DO if len(word) > 2)
        ):
            return True
        return not _is_noun(stem)
    return (stem[-1:], particle) in _NOT_PARTICLE or (particle == "은" and len(stem) < 2)


def _is_noun(word: str) -> bool:
    return all(part.tag in ("NNG", "NNP", "XPN", "XSN", "SL") for part in morphemes(word))
