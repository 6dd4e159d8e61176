"""Ranges of an object at random with boto3 on threads: a peer of Benchmarks/object-storage.

    object_peers.py BUCKET NAME THREADS

Each line of standard input is "RANGE REQUESTS", each of standard output the seconds of the processor and of the clock, and the bytes. The server and
the credentials are those of AWS's variables.
"""
import concurrent.futures, os, sys, time

import boto3, botocore.config

bucket, name, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name=os.environ["AWS_REGION"],
                      config=botocore.config.Config(max_pool_connections=threads, s3={"addressing_style": "path"}))
size = client.head_object(Bucket=bucket, Key=name)["ContentLength"]
print("ready", flush=True)
with concurrent.futures.ThreadPoolExecutor(threads) as pool:
    for line in sys.stdin:
        count, requests = map(int, line.split())
        state, firsts = 1, []
        for _ in range(requests):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            firsts.append((state >> 33) % (size - count + 1))
        processor, wall = time.process_time(), time.perf_counter()
        one = lambda at: len(client.get_object(Bucket=bucket, Key=name, Range=f"bytes={at}-{at + count - 1}")["Body"].read())
        total = sum(pool.map(one, firsts))
        print(time.process_time() - processor, time.perf_counter() - wall, total, flush=True)
