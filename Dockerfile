FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PROJECT_ENVIRONMENT=/opt/routa-notes \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /src
COPY scripts/uv.txt scripts/uv.txt
RUN pip install --no-cache-dir --requirement scripts/uv.txt
# The dependencies are a layer of their own: they change with uv.lock alone.
COPY pyproject.toml uv.lock ./
RUN uv sync --no-cache --locked --no-dev --no-install-project
COPY README.md LICENSE ./
COPY crdt crdt
COPY stores stores
COPY server server
COPY migrations migrations
RUN uv sync --no-cache --locked --no-dev --no-editable

FROM python:3.13-slim
RUN useradd --system --uid 10001 --user-group --home-dir /data --no-create-home --shell /usr/sbin/nologin routa \
    && install --directory --owner=routa --group=routa --mode=0700 /data
COPY --from=build /opt/routa-notes /opt/routa-notes
ENV PATH=/opt/routa-notes/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ROUTA_DATA_DIR=/data \
    ROUTA_HOST=0.0.0.0 \
    ROUTA_PORT=8787
WORKDIR /data
USER 10001:10001
VOLUME /data
EXPOSE 8787
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['ROUTA_PORT']), timeout=3); c.request('GET', '/livez'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["routa-notes"]
CMD ["serve"]
