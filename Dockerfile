# The image of Oncebox: the app, its production packages, the built dashboard and the Node of the base image.
# What the first two stages make is the same for every architecture, so they run on that of the building machine. (The classic
# builder leaves BUILDPLATFORM unset: `linux` is the same to it.)

FROM --platform=${BUILDPLATFORM:-linux} node:26-bookworm-slim AS packages
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund
COPY web/package.json web/package-lock.json web/
COPY scripts/sbom.ts scripts/
RUN node scripts/sbom.ts >sbom.cdx.json

FROM --platform=${BUILDPLATFORM:-linux} node:26-bookworm-slim AS dashboard
WORKDIR /build/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --include=dev --include=optional --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ../
COPY web ./
RUN npm run build

FROM node:26-bookworm-slim
ENV NODE_ENV=production
COPY --from=packages /build/node_modules /app/node_modules
COPY package.json /app/
COPY scripts/healthcheck.ts scripts/warm.ts /app/scripts/
COPY app /app/app
COPY --from=dashboard /build/web/dist /app/web/dist
# The packages in this image, in the form of CycloneDX.
COPY --from=packages /build/sbom.cdx.json /app/
# `docker compose exec api oncebox …`
RUN ln -s /app/app/cli/oncebox.ts /usr/local/bin/oncebox \
  && mkdir /data /app/.cache && chown node:node /data /app/.cache
USER node
# Types are stripped and code is compiled here, once, and not at each start in each thread: half the time, 100 MB less.
ENV NODE_COMPILE_CACHE=/app/.cache
RUN node /app/scripts/warm.ts
# `sqlite:///data/app.db` is relative to the working directory: from here it is /data/app.db.
WORKDIR /
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "/app/scripts/healthcheck.ts"]
# Half of V8's default for its young generation, which is mostly garbage here: 267 instead of 298 MiB at the peak of 256
# connections that post, at the same rate. And V8 does not place what outlives a collection or two in the old generation at once: under load
# messages do, and half of all runs had 50 MiB more and a tenth fewer posts. Code cannot set either once V8 runs. `npm start`, `make run`,
# `oncebox serve` and scripts/warm.ts have them too.
CMD ["node", "--max-semi-space-size=16", "--no-allocation-site-pretenuring", "/app/app/main.ts"]
# For images that are given to others: the time as in RFC 3339, and the commit. The last lines, so that they invalidate no layer.
ARG CREATED
ARG REVISION
LABEL org.opencontainers.image.title="Oncebox" \
      org.opencontainers.image.description="A self-hosted inbox for signed webhooks" \
      org.opencontainers.image.version="1.0.0" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.revision="${REVISION}"
