"""What a moderator reads about the form of a translation: numbers, direction, markup, completeness, Korean itself."""

# Numbers
NUMBER_DIFFERS = "숫자가 다릅니다: 원문은 “{en}”, 번역은 “{ko}”입니다."
UNIT_DIFFERS = "숫자의 단위가 다릅니다: 원문은 “{en}”, 번역은 “{ko}”입니다."
NUMBER_MISSING = "원문의 숫자가 번역에 없습니다: “{en}”."
NUMBER_INVENTED = "원문에 없는 숫자입니다: “{ko}”."
RANGE_REVERSED = "변화의 앞뒤가 바뀌었습니다: 원문은 “{en}”입니다."
BOUND_REVERSED = "이상과 이하가 바뀌었습니다: 원문은 “{en}”입니다."
CHANGED_BY = "원문은 변화의 크기인데(“{en}”), 번역은 변화의 결과로 읽힙니다."
CHANGED_TO = "원문은 변화의 결과인데(“{en}”), 번역은 변화의 크기로 읽힙니다."

# Characters, blanks, brackets
FOREIGN_SCRIPT = "한국어가 아닌 글자가 남아 있습니다: “{ko}”."
BROKEN_CHARACTER = "깨진 글자가 있습니다."
LOOSE_JAMO = "음절을 이루지 못한 자모가 있습니다: “{ko}”."
DOUBLE_BLANK = "빈칸이 겹쳤습니다."
BLANK_BEFORE_MARK = "문장 부호 앞에 빈칸이 있습니다."
NO_BLANK_AFTER_MARK = "문장 부호 뒤에 빈칸이 없습니다."
BLANK_IN_BRACKET = "괄호 안쪽에 빈칸이 있습니다."
LONE_PARTICLE = "조사는 앞말에 붙여 씁니다."
DEPENDENT_NOUN = "의존 명사는 띄어 씁니다."
UNCLOSED = "짝이 없는 부호입니다: “{mark}”."

# Repetition
DOUBLED = "같은 말이 겹쳤습니다: “{ko}”."
REPEATED_PHRASE = "한 문장 안에서 같은 구절이 되풀이됩니다."
REPEATED_SENTENCE = "앞에 나온 번역문이 다른 원문에 그대로 되풀이됩니다."

# Register
REGISTER_DIFFERS = "“{ko}”: 이 글의 다른 문장은 -습니다로 끝납니다."
QUESTIONS_MIXED = "“{ko}”: 한 글에서 질문의 말끝이 서로 다릅니다."

# Particles
PARTICLE_UNFIT = "앞말의 소리에 맞는 조사는 “{right}”입니다: 지금은 “{ko}”입니다."
PARTICLE_UNDECIDED = "조사를 하나로 정해야 합니다."
PARTICLES_CLASH = "함께 쓸 수 없는 조사입니다: “{ko}”."
TWO_OBJECTS = "한 동사에 목적어가 두 개입니다. 앞의 을/를은 에(에게)가 자연스럽습니다."
OBJECT_WITHOUT_VERB = "목적어에 걸리는 동사가 없습니다. 조사를 확인해 주세요: “{ko}”."
MEASURED_BY = "측정의 기준이 되는 지표에는 -(으)로를 씁니다."

# Polarity
NEGATION_LOST = "원문의 부정이 번역에 보이지 않습니다: “{en}”."
DENIAL_OPEN = "부정하는 말이 뒤따라야 합니다: “{ko}”."
NEGATION_ADDED = "원문에 없는 부정입니다: “{ko}”."
DIRECTION_TURNED = "방향이 반대입니다: 원문은 “{en}”, 번역은 “{ko}”입니다."
SIDES_SWAPPED = "비교하는 두 대상이 바뀌었습니다: 원문은 “{en}”입니다."

# Markup
COPY_ALTERED = "그대로 옮겨야 하는 부분이 바뀌었습니다: 원문은 “{en}”입니다."
COPY_LOST = "그대로 옮겨야 하는 부분이 번역에 없습니다: “{en}”."
COPY_INVENTED = "원문에 없는 표기입니다: “{ko}”."

# Completeness
SENTENCE_MISSING = "번역되지 않은 문장이 있습니다: “{en}”."
SENTENCE_ADDED = "원문에서 대응하는 문장을 찾지 못했습니다."
TOO_SHORT = "원문에 비해 번역이 지나치게 짧습니다(글자 수 {percent}%). 빠진 내용이 있는지 확인해 주세요."
TOO_LONG = "원문에 비해 번역이 지나치게 깁니다(글자 수 {percent}%). 덧붙은 내용이 있는지 확인해 주세요."
UNTRANSLATED = "번역되지 않은 영어가 남아 있습니다: “{en}”."
