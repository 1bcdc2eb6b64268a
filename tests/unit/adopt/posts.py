"""Invented posts in every form that was published before the bot."""

WEEKLY_2023 = """\
- 이 글은 GPT 모델로 정리한 글로, 잘못된 부분이 있을 수 있으니 글 아래쪽의 원문도 함께 참고해주세요! :smile:
- 읽으시면서 어색하거나 잘못된 내용을 발견하시면 댓글로 알려주시기를 부탁드립니다. :bowing_man:

## 소개

이번 주에는 기억을 다루는 연구가 많았습니다. Lantern과 Slow Rivers가 대표적입니다.

이런 흐름은 비용 때문입니다. 앞으로도 이어질 것으로 보입니다.

---

## 등불: 어두운 곳에서 찾기 / Lantern: Searching Where It Is Dark

### 논문 소개

- gpt-4보다 적은 기억으로 어두운 곳을 찾는 방법을 제안합니다.

  Proposes a way to search dark places with less memory than gpt-4.

### 논문 초록

- 찾기는 어렵습니다. 이 논문은 쉬운 길을 보입니다.

  Searching is hard. This paper shows an easy way.

### 논문 링크

https://arxiv.org/abs/2311.90001

### 더 읽어보기

https://x.com/example/status/17223

---

##느린 강 / Slow Rivers

### 논문 소개

- 느린 강을 다룹니다.

  Deals with slow rivers.

### 논문 링크

https://arxiv.org/abs/2311.90002

### 더 읽어보기

https://x.com/example/status/17224

---

## 원문

https://github.com/dair-ai/ML-Papers-of-the-Week
"""

WEEKLY_2024 = """\
PyTorchKR:fire::kr: :thinking::speech_balloon:

- 이번 주에는 '[등불]'과 같은 논문이 눈에 띄었습니다. 비용을 줄이려는 흐름입니다.
- 또한 로봇에 대한 연구도 이어졌습니다.

---

## 등불: 어두운 곳에서 찾기 / Lantern: Searching Where It Is Dark

### 논문 소개

어두운 곳을 찾는 방법을 제안하며, 기억을 30% 줄입니다.

> Proposes a way to search dark places; saves 30% of memory.

### 논문 초록(Abstract)

찾기는 어렵습니다. 이 논문은 쉬운 길을 보입니다.

> Searching is hard. This paper shows an easy way.

### 논문 링크

https://arxiv.org/abs/2406.90001

### 더 읽어보기

https://x.com/example/status/17990

---

## A / B 시험에 대하여 / On A / B Testing

### 연구 소개

시험을 다룬 연구 글입니다.

> A research post on testing.

### 논문 초록

시험은 유용합니다.

> Testing is useful.

### 연구 및 논문 링크

https://lab.example/testing

### 더 읽어보기

https://x.com/example/status/17991

https://github.com/example/testing

---

## Harbinger

### 논문 소개

두 모델을 소개합니다.

> Introduces two models.

### 논문 링크

<https://lab.example/harbinger>

어느 분이 덧붙인 말입니다.

### 더 읽어보기

https://x.com/example/status/17992

---

## 원문

https://github.com/dair-ai/ML-Papers-of-the-Week

---

*이 글은 GPT 모델로 정리한 것으로, 원문을 잘못 번역한 부분이 있을 수 있습니다. 댓글로 알려주세요!* :hugs:

:fire:파이토치 한국 사용자 모임:kr:에 회원으로 가입하시면 이메일:love_letter:로 보내드립니다!

:gift:아래:arrow_lower_right:쪽에 좋아요:+1:를 눌러주시면 힘이 됩니다~ :hugs:
"""

COPIED_FROM_PAGE = """\
[2024/06/03 ~ 06/09] 이번 주의 주요 ML 논문 (Top ML Papers of the Week)

[2024/06/03 ~ 06/09] 이번 주의 주요 ML 논문 (Top ML Papers of the Week)

PyTorchKR​ ​

이번 주에는 등불과 같은 논문이 눈에 띄었습니다. 비용을 줄이려는 흐름입니다.


등불: 어두운 곳에서 찾기 / Lantern: Searching Where It Is Dark

논문 소개

어두운 곳을 찾는 방법을 제안하며, 기억을 30% 줄입니다.

Proposes a way to search dark places; saves 30% of memory.

논문 초록(Abstract)

찾기는 어렵습니다. 이 논문은 쉬운 길을 보입니다.

Searching is hard. This paper shows an easy way.

논문 링크

더 읽어보기

https://x.com/example/status/17990


느린 강 / Slow Rivers

논문 소개

느린 강을 다룹니다.

Deals with slow rivers.

논문 링크

더 읽어보기

https://x.com/example/status/17991


원문

이 글은 GPT 모델로 정리한 것으로, 원문을 잘못 번역한 부분이 있을 수 있습니다. 댓글로 알려주세요!
"""

DAILY = """\
## Daily Papers (2024-06-10)

### [Lantern: Searching Where It Is Dark](https://arxiv.org/abs/2406.90001)

![](https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2406.90001.png)

Vote: 16

Authors: Ada Example, Ben Sample, +, Cho Test

- 어두운 곳을 찾는 방법을 제안합니다.
- 기억을 30% 줄입니다. 속도는 그대로입니다.

### [Slow \\[Rivers\\]](https://arxiv.org/abs/2406.90002)

![](https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2406.90002.png)

Vote: 3

Authors: Dan Example

- 느린 강을 다룸.
"""

TALK = """\
---
layout: post
title: The Future of Lanterns; A Perspective on Light
date: 2025-05-01
categories: [artificial intelligence]
tags: [lanterns, light]

---

# [The Future of Lanterns: A Perspective on Light](https://www.youtube.com/watch?v=AbCdEfGhIjK)

* Ada Example (Example University)

## 주요 내용

이 강연은 **등불의 미래**를 다룹니다.

### **1. 왜 등불인가:**

* 등불은 오래되었습니다. 그래서 좋습니다.
* 등불은 쌉니다.

### **2. 앞으로의 길:**

* 길은 멉니다.

**결론적으로,** 등불은 밝습니다.

<iframe width="600" height="400" src="https://www.youtube.com/embed/AbCdEfGhIjK" title="YouTube video player"></iframe>

## 세미나 세부 내용

안녕하세요. 저는 등불을 연구합니다.
[박수]

네.
"""

NO_KNOWN_FORM = """\
# 공지

다음 주에는 글이 없습니다. 양해 부탁드립니다.
"""

EVERY_FORM = {
    "weekly 2023": WEEKLY_2023,
    "weekly 2024": WEEKLY_2024,
    "copied from the page": COPIED_FROM_PAGE,
    "daily": DAILY,
    "talk": TALK,
    "no known form": NO_KNOWN_FORM,
}
