"""Korean titles and sentences of the subscription pages; their longer texts are in `templates/pages/`."""

SUBSCRIBE = "ML 논문 소식 받기"
NO_ADDRESS = "메일 주소를 다시 확인해 주세요. name@example.org 같은 모양이어야 합니다."
MAIL_IS_COMING = "확인 메일을 보냈습니다"
MAIL_IS_COMING_LINES = (
    "받은 메일을 열고 링크를 눌러 주세요. 48시간 안에 확인하셔야 구독이 시작됩니다.",
    "몇 분이 지나도 오지 않으면 스팸함도 살펴봐 주세요. 같은 주소로는 10분에 한 번만 보냅니다.",
)
CONFIRM = "구독을 시작할까요?"
CONFIRMED = "구독이 시작되었습니다"
CONFIRMED_LINES = ("고맙습니다. 다음 소식부터 보내 드립니다.",)
EXPIRED = "이 링크는 더 쓸 수 없습니다"
EXPIRED_LINES = ("이미 쓰셨거나 48시간이 지났습니다. 다시 신청해 주세요.",)
AGAIN = "다시 신청하기"
LEAVE = "소식을 그만 받을까요?"
LEFT = "더 보내지 않습니다"
LEFT_LINES = ("수신 거부가 처리되었습니다. 그동안 읽어 주셔서 고맙습니다.",)
PREFERENCES = "받는 방법 바꾸기"
SAVED = "저장했습니다."
CHANGED = "바꾸었습니다"
CHANGED_LINES = {"weekly": ("이제 매주 보내 드립니다.",), "daily": ("이제 매일 보내 드립니다.",)}
ERASED = "주소를 지웠습니다"
ERASED_LINES = ("보관하던 메일 주소를 지웠습니다. 더는 아무것도 보내지 않습니다.",)
UNKNOWN = "없는 페이지입니다"
UNKNOWN_LINES = ("링크가 잘렸을 수 있습니다. 메일에 있는 주소를 그대로 열어 주세요.",)
ARCHIVE = "지난 소식"
MY_CHOICES = "받는 주기와 언어 바꾸기"
SURE_FIRST = "먼저 ‘지워도 됩니다’에 표시해 주세요."
READER = "구독자님의"
