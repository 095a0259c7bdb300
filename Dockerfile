# syntax=docker/dockerfile:1
FROM golang:1.26-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY package.json package-lock.json .npmrc ./
COPY scripts scripts
COPY web web
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund && node scripts/vendor.mjs
COPY . .
ARG VERSION=devel
RUN CGO_ENABLED=1 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/ ./cmd/nearby

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/nearby --create-home nearby
COPY --from=build /out/nearby /usr/local/bin/nearby
USER nearby
WORKDIR /var/lib/nearby
ENV NEARBY_ADDR=0.0.0.0:8080 NEARBY_ADMIN_ADDR=127.0.0.1:9090 NEARBY_DATA_DIR=/var/lib/nearby/data NEARBY_LOG=json
VOLUME /var/lib/nearby/data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["nearby", "version", "--ready", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["nearby"]
CMD ["serve"]
