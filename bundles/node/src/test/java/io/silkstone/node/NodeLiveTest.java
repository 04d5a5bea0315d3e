package io.silkstone.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.node.BundleDeployer;
import io.silkstone.api.node.EndpointProvider;
import io.silkstone.api.node.Node;
import io.silkstone.api.node.Node.Endpoint;
import io.silkstone.api.node.Node.Health;
import io.silkstone.api.node.Node.Setting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;

class NodeLiveTest {
    @TempDir Path home;

    @Test
    void node_identityEndpointsHealthAndConfig() throws Exception {
        try (LiveFramework live = LiveFramework.withNode(home)) {
            Node node = live.service(Node.class);
            assertThat(node.id()).isEqualTo(Files.readString(home.resolve("data/node.id")).strip());
            assertThat(node.home()).isEqualTo(home);
            EndpointProvider provider = () -> List.of(new Endpoint("redis", "127.0.0.1:7600"));
            live.context().registerService(EndpointProvider.class, provider, null);
            assertThat(node.endpoints()).containsExactly(new Endpoint("redis", "127.0.0.1:7600"));
            live.service(BundleDeployer.class);
            assertThat(node.health())
                    .extracting(Health::check)
                    .containsExactly(
                            "components",
                            "configuration",
                            "deployments",
                            "disk",
                            "memory",
                            "policies");
            assertThat(node.config())
                    .extracting(Setting::pid, Setting::key, Setting::value)
                    .contains(
                            org.assertj.core.groups.Tuple.tuple(
                                    "io.silkstone.node.deployer", "watch.ms", "2000"));
            live.service(MetricRegistry.class);
        }
    }

    @Test
    void config_liveEdit_isInForceAndAWrongOneIsNot() throws Exception {
        try (LiveFramework live = LiveFramework.withNode(home)) {
            Node node = live.service(Node.class);
            Path file = home.resolve("etc/io.silkstone.node.deployer.cfg");
            Files.writeString(file, "watch.ms = 7\n");
            LiveFramework.await("the edit", () -> value(node).equals("7"));
            Files.writeString(file, "watch.ms = soon\n");
            LiveFramework.await(
                    "the complaint",
                    () -> node.why("").stream().anyMatch(line -> line.contains("was \"soon\"")));
            assertThat(value(node)).isEqualTo("7");
            Files.delete(file);
            LiveFramework.await("the default", () -> value(node).equals("2000"));
        }
    }

    @Test
    void config_editThatARunningComponentRefuses_isReportedAndTheOldValuesAreShown()
            throws Exception {
        Path file = home.resolve("etc/test.fixed.cfg");
        Files.createDirectories(file.getParent());
        Files.writeString(file, "decision = 1\n");
        try (LiveFramework live = LiveFramework.withNode(home)) {
            Node node = live.service(Node.class);
            live.context()
                    .installBundle(
                            "test:fixed",
                            TestBundle.of("test.fixed", "1.0.0")
                                    .componentXml(
                                            "test.fixed",
                                            TestPolicies.Adjustable.class,
                                            "immediate='true' activate='activate'"
                                                    + " modified='modified'",
                                            "<service><provide"
                                                    + " interface='java.util.function.LongSupplier'"
                                                    + "/></service>")
                                    .stream())
                    .start();
            LongSupplier component = live.service(LongSupplier.class);
            Files.writeString(file, "decision = 101\n");
            LiveFramework.await(
                    "the complaint",
                    () ->
                            node.why("").stream()
                                    .anyMatch(line -> line.contains("must be 100 or less")));
            assertThat(node.health())
                    .filteredOn(health -> health.check().equals("configuration"))
                    .extracting(Health::status)
                    .containsExactly("warn");
            assertThat(node.config())
                    .filteredOn(setting -> setting.key().equals("decision"))
                    .extracting(Setting::value)
                    .containsExactly("1");
            assertThat(component.getAsLong()).isEqualTo(1);
            Files.writeString(file, "decision = 2\n");
            LiveFramework.await("the correction", () -> component.getAsLong() == 2);
            LiveFramework.await("silence", () -> !node.why("").toString().contains("100 or less"));
        }
    }

    @Test
    void health_fileThatNobodyReads_isNamed() throws Exception {
        Path file = home.resolve("etc/io.silkstone.node.deployr.cfg");
        Files.createDirectories(file.getParent());
        Files.writeString(file, "watch.ms = 7\n");
        try (LiveFramework live = LiveFramework.withNode(home)) {
            Node node = live.service(Node.class);
            String sentence =
                    "etc/io.silkstone.node.deployr.cfg waits: no bundle installed here is"
                            + " configured by it. Did you mean \"io.silkstone.node.deployer\"?";
            assertThat(node.health()).contains(new Health("configuration", "warn", sentence));
            assertThat(node.why("deployr")).containsExactly(sentence);
            assertThat(node.why("")).contains(sentence);
            Files.delete(file);
            LiveFramework.await("health", () -> !node.health().toString().contains("deployr"));
        }
    }

    @Test
    void start_wrongConfiguration_isRefusedInOneSentence() throws Exception {
        try (LiveFramework live = LiveFramework.withoutNode(home)) {
            Files.writeString(
                    home.resolve("etc/io.silkstone.node.deployer.cfg"),
                    "deploy.signatures = sometimes\n");
            Bundle node = live.installNode();
            assertThatThrownBy(node::start)
                    .isInstanceOf(BundleException.class)
                    .hasRootCauseMessage(
                            "etc/io.silkstone.node.deployer.cfg line 1: deploy.signatures must be"
                                    + " one of auto, required, optional, was \"sometimes\"");
        }
    }

    @Test
    void why_unresolvedBundleAndWaitingComponent_areExplained() throws Exception {
        try (LiveFramework live = LiveFramework.withNode(home)) {
            Node node = live.service(Node.class);
            live.context()
                    .installBundle(
                            "test:needy",
                            TestBundle.of("test.needy", "1.0.0")
                                    .header("Import-Package", "com.example.nowhere")
                                    .stream());
            live.context()
                    .installBundle(
                            "test:waiting",
                            TestBundle.of("test.waiting", "1.0.0")
                                    .componentXml(
                                            "test.waiting",
                                            TestPolicies.Alien.class,
                                            "<reference name='x'"
                                                    + " interface='java.util.Locale'"
                                                    + " field='x'/>")
                                    .stream())
                    .start();
            assertThat(node.why("needy"))
                    .containsExactly(
                            "test.needy 1.0.0 needs the package com.example.nowhere, and no bundle"
                                    + " here offers it.");
            assertThat(node.why("waiting"))
                    .contains(
                            "test.waiting waits for the service" + " java.util.Locale.",
                            "No component installed here offers" + " java.util.Locale.",
                            "test.waiting 1.0.0 is active.");
            assertThat(node.why("")).anyMatch(line -> line.contains("com.example.nowhere"));
            assertThatThrownBy(() -> node.why("io.silkstone.node.deployr"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith(
                            "No component or bundle has \"io.silkstone.node.deployr\" in its name."
                                    + " Did you mean \"io.silkstone.node.deployer\"? There are ")
                    .hasMessageContaining("io.silkstone.node.deployer, ");
        }
    }

    private static String value(Node node) {
        return node.config().stream()
                .filter(setting -> setting.key().equals("watch.ms"))
                .findFirst()
                .orElseThrow()
                .value();
    }
}
