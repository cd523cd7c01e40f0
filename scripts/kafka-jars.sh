#!/bin/sh
# Fetches the Kafka broker that test/sinks/kafka talks to, by Maven, into .scratch/kafka, unless it is there.
set -eu
cd "$(dirname "$0")/.."
version=3.9.1
folder=.scratch/kafka

if [ -f "$folder/$version" ]; then exit 0; fi
rm -rf "$folder"
mkdir -p "$folder"
cat >"$folder/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>headgate.test</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
  </dependencies>
</project>
POM
mvn -q -B -f "$folder/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=jars
touch "$folder/$version"
