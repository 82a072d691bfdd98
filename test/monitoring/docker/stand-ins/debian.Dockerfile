# The base of the others, from a folder that debootstrap made.
FROM scratch
ADD rootfs.tar /
CMD ["bash"]
