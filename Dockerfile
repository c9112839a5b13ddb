# One image for every program of Orderpath: relay, worker, commands, and the command line.
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
# The versions of the lock file, without the tools that only tests and checks need.
RUN sed -E '/^ +--hash=/d; s/ \\$//' requirements.lock > /constraints.txt \
    && python -m venv /opt/orderpath \
    && PIP_CONSTRAINT=/constraints.txt /opt/orderpath/bin/pip install --no-cache-dir '.[parquet]'

FROM python:3.13-slim
RUN useradd --create-home --uid 10001 orderpath && install -d -o orderpath /data
COPY --from=build /opt/orderpath /opt/orderpath
ENV PATH=/opt/orderpath/bin:$PATH ORDERPATH_DATA_DIR=/data
VOLUME /data
USER orderpath
ENTRYPOINT ["orderpath"]
CMD ["status"]
