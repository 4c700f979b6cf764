#!/bin/sh
# Says hello.
echo "hello wrold"
