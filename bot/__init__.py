"""paperbot: bilingual paper posts, reader corrections and digests for a Discourse community."""
