# The image of workers and commands: `docker build -t builder_cli .`, then `docker run --init builder_cli --help`.
# Debian and not Alpine: the Temporal SDK's native part needs glibc.

# Where the world is not reached directly: another registry of images (NODE_IMAGE), of packages (NPM_REGISTRY), a mirror
# of Debian (APT_MIRROR), and the certificate, as text, of who signs for them (BUILD_CA). All empty: the usual places.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
ARG NPM_REGISTRY=
ARG BUILD_CA=
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# As the launcher installs: nothing that a package brings may run.
RUN if [ -n "$NPM_REGISTRY" ]; then export npm_config_registry="$NPM_REGISTRY"; fi \
  && if [ -n "$BUILD_CA" ]; then printf '%s\n' "$BUILD_CA" > /tmp/ca.pem && export NODE_EXTRA_CA_CERTS=/tmp/ca.pem; fi \
  && npm ci --no-audit --no-fund --ignore-scripts
COPY tsconfig.json ./
COPY scripts/build.mjs scripts/
COPY src src/
RUN npm run build
# What only builds or tests goes, and the native parts of the SDK for other platforms (100 MB).
RUN npm prune --omit=dev --no-audit --no-fund --ignore-scripts \
  && case "$(uname -m)" in aarch64) arch=aarch64 ;; *) arch=x86_64 ;; esac \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
    ! -name "$arch-unknown-linux-gnu" -exec rm -r {} + \
  && find node_modules \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM ${NODE_IMAGE}
ARG APT_MIRROR=
ARG BUILD_CA=
# The SDK's TLS, for a Temporal service elsewhere, trusts the system's certificates; BUILD_CA becomes one of them. Apt is
# told of it by a file, because it fetches before the system's certificates are there.
RUN if [ -n "$BUILD_CA" ]; then \
    mkdir -p /usr/local/share/ca-certificates \
    && printf '%s\n' "$BUILD_CA" > /usr/local/share/ca-certificates/build-ca.crt \
    && echo 'Acquire::https::CAInfo "/usr/local/share/ca-certificates/build-ca.crt";' > /etc/apt/apt.conf.d/build-ca; \
  fi \
  && if [ -n "$APT_MIRROR" ]; then \
    sed -i "s|https\?://deb.debian.org|$APT_MIRROR|" /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null || true; \
  fi \
  && apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /etc/apt/apt.conf.d/build-ca
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules/
COPY --from=build /app/dist dist/
COPY bin bin/
COPY LICENSE ./
COPY scripts/image-entry.sh /usr/local/bin/builder_cli
# The example; a project of your own is mounted elsewhere.
COPY jobs jobs/
COPY profiles profiles/
COPY examples examples/
# A named volume mounted at /data for the first time takes its owner from here.
RUN chmod 755 /usr/local/bin/builder_cli && install -d -o node -g node /data
ENV NODE_ENV=production \
  HOME=/data/home \
  BUILDER_STATE_DIR=/data/state
USER node
WORKDIR /data
EXPOSE 9099
# No HEALTHCHECK here: most containers of this image run one command and leave, and only a worker with an exporter
# has something to ask. monitoring/docker-compose.yml asks it for /readyz.
ENTRYPOINT ["builder_cli"]
CMD ["--help"]
