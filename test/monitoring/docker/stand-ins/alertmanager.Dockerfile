# For prom/alertmanager: Debian's older build of it, with the user, the paths and the volume of the original.
FROM debian:bookworm-slim
COPY busybox /bin/busybox
RUN ln -s busybox /bin/wget && install -d -o nobody /alertmanager /etc/alertmanager
COPY alertmanager /bin/alertmanager
COPY templates /usr/share/prometheus/alertmanager/
USER nobody
VOLUME ["/alertmanager"]
WORKDIR /alertmanager
EXPOSE 9093
ENTRYPOINT ["/bin/alertmanager"]
CMD ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"]
