# For prom/prometheus: the real server and promtool, with the user, the paths and the volume of the original, which is
# made over busybox; this one has no shell.
FROM scratch
COPY passwd /etc/passwd
COPY prometheus promtool /bin/
COPY --chown=65534:65534 empty /prometheus
USER nobody
VOLUME ["/prometheus"]
WORKDIR /prometheus
EXPOSE 9090
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
