# A gateway in a container: docker build -t moongate .
#
# How two builds of the same sources come to be the same, and what keeps them from it: docs/install.md. What the entry
# point takes from the environment stands at its top; where to run it: compose.yaml and kubernetes/ in cluster-bootstrap,
# which say what addresses a gateway needs.

# Exact tags. One may be given to another image all the same; with a digest behind it, it is that image or none.
ARG BUILD_IMAGE=maven:3.9.9-eclipse-temurin-17
ARG BASE_IMAGE=debian:12.11-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY pom.xml ./
COPY conf ./conf
COPY persistence-schema ./persistence-schema
COPY src/main ./src/main
# The times in the jar are those that pom.xml has (project.build.outputTimestamp).
RUN mvn -B -ntp -Dmaven.test.skip=true -Dspotless.check.skip=true -Djdeb.skip=true package
# What of Java a gateway needs, and the command line; with it jcmd, to look at one that is in trouble.
RUN jlink --output /jre --no-header-files --no-man-pages --add-modules \
    java.base,java.compiler,java.desktop,java.instrument,java.logging,java.management,java.naming,java.net.http,java.security.jgss,java.sql,java.xml,jdk.crypto.ec,jdk.httpserver,jdk.jcmd,jdk.jfr,jdk.management,jdk.management.agent,jdk.net,jdk.unsupported,jdk.zipfs

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0-SNAPSHOT
LABEL org.opencontainers.image.title="Moongate" \
      org.opencontainers.image.description="A cluster of iSCSI gateways in front of distributed storage" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
# Lines of apt's sources.list, of a snapshot of Debian; without them packages are those of the day of the build.
ARG APT_SOURCES
# librbd1 for the rbd store, openssl for the health check where the API has a certificate; nothing that they only
# recommend. Lists, caches, backups and logs would differ from build to build.
RUN if [ -n "$APT_SOURCES" ]; then \
      rm -f /etc/apt/sources.list.d/*; \
      printf '%s\n' "$APT_SOURCES" >/etc/apt/sources.list; \
    fi \
 && apt-get update \
 && apt-get install --yes --no-install-recommends librbd1 openssl \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache \
      /var/lib/dpkg/*-old /var/log/apt /var/log/alternatives.log /var/log/dpkg.log
# Seconds since 1970, of the commit. useradd writes the day into /etc/shadow: this one, or today's without it. After the
# packages, so that another commit does not have them fetched anew.
ARG SOURCE_DATE_EPOCH
RUN groupadd --system --gid 3260 moongate \
 && useradd --system --uid 3260 --gid 3260 --no-create-home --home-dir /var/lib/moongate --shell /usr/sbin/nologin moongate \
 && install -d -o moongate -g moongate -m 0750 /var/lib/moongate /run/moongate \
 && install -d -m 0755 /etc/moongate
COPY --from=build /jre /opt/java
COPY --from=build /src/target/lib /usr/share/moongate/lib
COPY --from=build /src/target/moongate-*.jar /usr/share/moongate/
COPY conf /usr/share/moongate/conf
COPY moongate cluster-bootstrap/container/entrypoint /usr/share/moongate/
COPY LICENSE /usr/share/doc/moongate/
ENV JAVA_HOME=/opt/java \
    PATH=/usr/share/moongate:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8
USER 3260:3260
WORKDIR /var/lib/moongate
VOLUME ["/var/lib/moongate"]
# Hosts: 3260. Operators: 8080. Gateways, and nobody else: 8558, 2551, 2552, 2553.
EXPOSE 3260 8080 8558 2551 2552 2553
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=120s --retries=3 CMD ["/usr/share/moongate/entrypoint", "health"]
ENTRYPOINT ["/usr/share/moongate/entrypoint"]
CMD ["gateway"]
