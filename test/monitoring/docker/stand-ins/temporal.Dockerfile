# For temporalio/temporal: the real server. No shell, not root, /temporal as entrypoint, and no folder it may write.
FROM scratch
COPY temporal /temporal
USER 1000:1000
ENTRYPOINT ["/temporal"]
