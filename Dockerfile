# One image for every part: `web`, `worker`, `migrate`, `backup`; with no arguments everything at once (`up`).
# The base is pinned by date and digest. Debian's own Python is used, so that any Debian 12 will do as a base:
# tests/containers/prove builds this file on one made by debootstrap.
ARG BASE=docker.io/library/debian:bookworm-20260824-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171

FROM ${BASE} AS build
# Where pip finds packages, and whom it trusts, if that is not the usual place; not in the image.
ARG PIP_INDEX_URL
ARG PIP_CERT
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# All that is fetched from an index is fetched here, with the lock file's hashes; what follows takes from these alone.
# kiwipiepy-model, a package of data, has no wheel: the lock file's setuptools makes one of it.
COPY requirements.lock ./
RUN python3 -m venv /tools \
    && sed -n '/^setuptools==/,/[^\\]$/p' requirements.lock >setuptools.lock \
    && /tools/bin/pip install --require-hashes --only-binary=:all: -r setuptools.lock \
    && /tools/bin/pip wheel --require-hashes --no-build-isolation --only-binary=:all: --no-binary=kiwipiepy-model \
        --wheel-dir=/wheels -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY migrations migrations
# The lock file names the developers' tools too; only what the program needs is installed.
RUN /tools/bin/pip wheel --no-deps --no-index --find-links=/wheels --wheel-dir=/own . \
    && python3 -m venv --without-pip /opt/paperbot \
    && /tools/bin/pip --python /opt/paperbot/bin/python install --no-index --find-links=/wheels /own/*.whl

FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/debconf/* \
    && groupadd --gid 10001 paperbot \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin paperbot \
    && install -d -m 0700 -o paperbot -g paperbot /data /backups
COPY --from=build /opt/paperbot /opt/paperbot
ENV PATH=/opt/paperbot/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    WEB_HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
VOLUME ["/data", "/backups"]
EXPOSE 8290
STOPSIGNAL SIGTERM
# Of the web part. A worker has no port: it leaves by itself when the queue or the database forgets it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=90s --retries=3 \
    CMD python3 -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:${WEB_PORT:-8290}/healthz', timeout=3)"
ENTRYPOINT ["paperbot"]
CMD ["up"]
