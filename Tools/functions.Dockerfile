# SPDX-License-Identifier: Apache-2.0
# The functions' bundle, built on what Lambda runs it on. Scripts/functions uses it for the other processor; by hand:
#   docker build --platform linux/arm64 --file Tools/functions.Dockerfile --output type=local,dest=.build/functions .
ARG SWIFT_VERSION=6.3
FROM swift:${SWIFT_VERSION}-amazonlinux2023 AS build
# Amazon Linux comes with a smaller libcurl, without headers.
RUN dnf install --assumeyes --allowerasing binutils findutils gawk libcurl-devel libpq-devel pkgconf python3 && dnf clean all
WORKDIR /swift-aurora
COPY . .
RUN Scripts/functions /bundle

FROM scratch
COPY --from=build /bundle /
