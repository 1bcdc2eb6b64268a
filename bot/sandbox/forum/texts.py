"""The forum's messages to people. Programs must not match them: they are localised, and differ between versions."""

KO = {
    "invalid_access": "요청한 리소스를 볼 수 있는 권한이 없습니다.",
    "not_logged_in": "로그인해야 할 수 있는 작업입니다.",
    "not_found": "요청한 URL 또는 리소스를 찾을 수 없습니다.",
    "invalid_parameters": "요청에 잘못된 매개변수가 있습니다: {name}",
    "missing_parameter": "매개변수가 없거나 값이 비어 있습니다: {name}",
    "rate_limit": "이 작업을 너무 자주 수행했습니다. {wait}초 후에 다시 시도해 주세요.",
    "rate_limit_text": "속도 제한을 초과했습니다. {wait}초 후에 다시 시도하세요.",
    "time_left": "{wait}초",
    "read_only": "사이트가 읽기 전용 모드입니다. 지금은 변경할 수 없습니다.",
    "title_blank": "제목을 비워 둘 수 없습니다",
    "title_short": "제목이 너무 짧습니다 (최소 {count}자)",
    "title_long": "제목이 너무 깁니다 (최대 {count}자)",
    "title_taken": "같은 제목의 글이 이미 있습니다",
    "title_unclear": "제목이 불분명합니다. 온전한 문장인지 확인해 주세요",
    "body_blank": "본문을 비워 둘 수 없습니다",
    "body_short": "본문이 너무 짧습니다 (최소 {count}자)",
    "body_long": "본문은 {count}자를 넘을 수 없지만 {length}자를 입력했습니다",
    "same_body": "본문이 최근에 올린 글과 너무 비슷합니다",
    "external_id_taken": "외부 ID가 이미 사용 중입니다",
    "external_id_long": "외부 ID가 너무 깁니다 (최대 50자)",
    "external_id_format": "외부 ID는 영문자, 숫자, 하이픈, 밑줄만 쓸 수 있습니다",
    "too_many_tags": "태그는 {count}개까지만 달 수 있습니다",
    "edit_conflict": "편집하는 동안 다른 사용자가 글을 바꾸었습니다. 새로 고친 뒤 다시 시도해 주세요.",
    "category_unusable": "이 카테고리에는 글을 쓸 수 없습니다",
    "topic_closed": "이 글은 닫혀 있어 답글을 달 수 없습니다",
}

EN = {
    "invalid_access": "You are not permitted to view the requested resource.",
    "not_logged_in": "You need to be logged in to do that.",
    "not_found": "The requested URL or resource could not be found.",
    "invalid_parameters": "You supplied invalid parameters to the request: {name}",
    "missing_parameter": "param is missing or the value is empty: {name}",
    "rate_limit": "You've performed this action too many times. Please wait {wait} seconds before trying again.",
    "rate_limit_text": "Slow down, too many requests. Please retry again in {wait} seconds.",
    "time_left": "{wait} seconds",
    "read_only": "The site is in read only mode. Interactions are disabled.",
    "title_blank": "Title can't be blank",
    "title_short": "Title is too short (minimum is {count} characters)",
    "title_long": "Title is too long (maximum is {count} characters)",
    "title_taken": "Title has already been used",
    "title_unclear": "Title seems unclear, is it a complete sentence?",
    "body_blank": "Body can't be blank",
    "body_short": "Body is too short (minimum is {count} characters)",
    "body_long": "Body is limited to {count} characters; you entered {length}.",
    "same_body": "Body is too similar to what you recently posted",
    "external_id_taken": "External ID has already been taken",
    "external_id_long": "External ID is too long (maximum is 50 characters)",
    "external_id_format": "External ID must only contain letters, digits, hyphens and underscores",
    "too_many_tags": "You can only use {count} tags on this topic",
    "edit_conflict": "That post was edited by another user and your changes can no longer be saved.",
    "category_unusable": "You can't post in this category",
    "topic_closed": "That topic is closed",
}


def texts_for(locale: str) -> dict[str, str]:
    """The messages of a site language: Korean for `ko`, otherwise English."""
    return KO if locale == "ko" else EN
