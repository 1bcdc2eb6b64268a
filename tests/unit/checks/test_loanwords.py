from bot.translation.checks import loanwords
from tests.unit.checks.case import CheckCase


class TestLoanwords(CheckCase):
    module = loanwords
    hit = (
        "Robustness matters. We measure robustness. Robustness improves. Robustness falls.",
        "견고성이 중요합니다. 저희는 견고성을 측정합니다. 로버스트니스가 향상됩니다. 견고성이 떨어집니다.",
    )
    hit_at = "로버스트니스"
    good = (
        "Robustness matters. We measure robustness. Robustness improves. Robustness falls.",
        "견고성이 중요합니다. 저희는 견고성을 측정합니다. 견고성이 향상됩니다. 견고성이 떨어집니다.",
    )
    ignored = (
        "Tokens matter. We count tokens. Tokens cost money. We like tokens.",
        "토큰이 중요합니다. 저희는 토큰을 셉니다. 토큰은 돈이 듭니다. 이것을 좋아합니다.",
    )
