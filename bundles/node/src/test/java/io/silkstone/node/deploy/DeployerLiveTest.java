package io.silkstone.node.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.node.BundleDeployer;
import io.silkstone.api.node.BundleDeployer.Deployed;
import io.silkstone.api.node.DeployRefused;
import io.silkstone.api.node.Node;
import io.silkstone.api.node.Node.Health;
import io.silkstone.api.policy.PolicyDirectory;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.node.FakeSlot;
import io.silkstone.node.LiveFramework;
import io.silkstone.node.TestBundle;
import io.silkstone.node.TestPolicies;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;

class DeployerLiveTest {
    @TempDir Path home;
    @TempDir Path elsewhere;

    private final FakeSlot slot = new FakeSlot("cores");
    private LiveFramework live;
    private BundleDeployer deployer;
    private PolicyDirectory directory;

    @BeforeEach
    void start() throws Exception {
        Files.createDirectories(home.resolve("etc"));
        Files.writeString(home.resolve("etc/io.silkstone.node.deployer.cfg"), "watch.ms = 100\n");
        Files.writeString(home.resolve("etc/io.silkstone.policies.cfg"), "cores = fixed\n");
        startNode();
    }

    @AfterEach
    void stop() throws Exception {
        live.close();
    }

    @Test
    void deploy_policy_isActiveInUseAndKept() throws Exception {
        Deployed done = deployer.deploy(policy("1.0.0"), false);
        assertThat(done.symbolicName()).isEqualTo("test.fixed");
        assertThat(done.note()).contains("test.fixed 1.0.0 (not signed) is active as bundle");
        LiveFramework.await("use", () -> slot.inUse().bundleId() == done.bundleId());
        assertThat(home.resolve("deploy/test.fixed-1.0.0.jar")).exists();
        assertThat(deployer.deployed()).containsExactly(done);
    }

    @Test
    void deploy_dryRun_leavesNothing() throws Exception {
        Deployed would = deployer.deploy(policy("1.0.0"), true);
        assertThat(would.bundleId()).isEqualTo(-1);
        assertThat(would.note()).contains("would be installed");
        assertThat(bundles("test.fixed")).isEmpty();
        assertThat(deployer.deployed()).isEmpty();
    }

    @Test
    void deploy_newerVersion_takesOverAndTheOldOneGoes() throws Exception {
        deployer.deploy(policy("1.0.0"), false);
        Deployed newer = deployer.deploy(policy("1.1.0"), false);
        assertThat(newer.replaced()).isEqualTo("1.0.0");
        assertThat(bundles("test.fixed"))
                .extracting(Bundle::getBundleId)
                .containsExactly(newer.bundleId());
        LiveFramework.await("use", () -> slot.inUse().bundleId() == newer.bundleId());
        assertThatThrownBy(() -> deployer.deploy(policy("1.0.5"), false))
                .hasMessageContaining("1.1.0 is deployed, which is newer than 1.0.5");
    }

    @Test
    void deploy_sameVersionRebuilt_takesOverWithoutTheBuiltIn() throws Exception {
        deployer.deploy(policy("1.0.0"), false);
        LiveFramework.await("use", () -> slot.inUse().name().equals("fixed"));
        TestBundle rebuilt = TestBundle.policy("fixed", "1.0.0", TestPolicies.Steady.class);
        Deployed again =
                deployer.deploy(
                        rebuilt.entry("changed", new byte[1]).writeTo(elsewhere.resolve("b.jar")),
                        false);
        LiveFramework.await("use", () -> slot.inUse().bundleId() == again.bundleId());
        assertThat(bundles("test.fixed")).hasSize(1);
        assertThat(slot.uses()).noneMatch(id -> id.bundleId() == -1);
        assertThat(deployer.deploy(elsewhere.resolve("b.jar"), false).note())
                .contains("is deployed already");
    }

    @Test
    void deploy_missingPackage_namesItAndWhoComesNear() throws Exception {
        Path jar =
                TestBundle.of("test.needy", "1.0.0")
                        .header("Import-Package", "io.silkstone.api.policy;version=\"[7,8)\"")
                        .writeTo(elsewhere.resolve("needy.jar"));
        assertThatThrownBy(() -> deployer.deploy(jar, false))
                .isInstanceOf(DeployRefused.class)
                .hasMessage(
                        "test.needy 1.0.0 needs the package io.silkstone.api.policy in version"
                                + " [7.0.0,8.0.0), and org.apache.felix.framework offers 1.0.0"
                                + " only");
        assertThat(bundles("test.needy")).isEmpty();
    }

    @Test
    void deploy_componentThatFails_isRolledBackToTheVersionBefore() throws Exception {
        Deployed good = deployer.deploy(policy("1.0.0"), false);
        LiveFramework.await("use", () -> slot.inUse().bundleId() == good.bundleId());
        Path bad =
                TestBundle.policy("fixed", "1.1.0", TestPolicies.Stillborn.class)
                        .writeTo(elsewhere.resolve("bad.jar"));
        assertThatThrownBy(() -> deployer.deploy(bad, false))
                .hasMessageContaining("test.fixed 1.1.0 was taken out again")
                .hasMessageContaining("the moon is in the wrong quarter");
        assertThat(bundles("test.fixed"))
                .extracting(Bundle::getBundleId)
                .containsExactly(good.bundleId());
        assertThat(slot.inUse().bundleId()).isEqualTo(good.bundleId());
    }

    @Test
    void deploy_policyThatFailsInTheSlot_isRolledBack() throws Exception {
        Deployed good = deployer.deploy(policy("1.0.0"), false);
        LiveFramework.await("use", () -> slot.inUse().bundleId() == good.bundleId());
        Path bad =
                TestBundle.policy("fixed", "1.1.0", TestPolicies.Faulty.class)
                        .writeTo(elsewhere.resolve("bad.jar"));
        assertThatThrownBy(() -> deployer.deploy(bad, false))
                .hasMessageContaining("failed at once: no idea");
        assertThat(slot.inUse().bundleId()).isEqualTo(good.bundleId());
        assertThat(directory.history())
                .anyMatch(
                        event ->
                                event.cause().equals("failed")
                                        && event.from().version().equals("1.1.0"));
    }

    @Test
    void deploy_componentThatWaitsForAService_isRolledBackAndNamesIt() throws Exception {
        Path jar =
                TestBundle.of("test.waiting", "1.0.0")
                        .componentXml(
                                "test.waiting",
                                TestPolicies.Alien.class,
                                "<reference name='x'"
                                        + " interface='java.util.Locale'"
                                        + " field='x'/>")
                        .writeTo(elsewhere.resolve("waiting.jar"));
        assertThatThrownBy(() -> deployer.deploy(jar, false))
                .hasMessageContaining("waits for the service java.util.Locale");
        assertThat(bundles("test.waiting")).isEmpty();
    }

    @Test
    void deploy_componentThatHangs_isRefusedAndTheNodeGoesOn() throws Exception {
        Deployed good = deployer.deploy(policy("1.0.0"), false);
        LiveFramework.await("use", () -> slot.inUse().bundleId() == good.bundleId());
        configure("watch.ms = 100\nstart.ms = 1500\n");
        System.setProperty(TestPolicies.HANG, "true");
        try {
            Path bad =
                    TestBundle.policy("fixed", "1.1.0", TestPolicies.Hanging.class)
                            .with(TestPolicies.class)
                            .writeTo(elsewhere.resolve("bad.jar"));
            assertThatThrownBy(() -> deployer.deploy(bad, false))
                    .hasMessageContaining("test.fixed 1.1.0 was taken out again")
                    .hasMessageContaining("was still starting after 1500 ms");
            assertThat(slot.inUse().bundleId()).isEqualTo(good.bundleId());
            Deployed next = deployer.deploy(policy("1.2.0"), false);
            LiveFramework.await("use", () -> slot.inUse().bundleId() == next.bundleId());
            assertThat(directory.use("cores", "steady-state", false).changed()).isTrue();
        } finally {
            System.clearProperty(TestPolicies.HANG);
        }
        LiveFramework.await("its end", () -> bundles("test.fixed").size() == 1);
    }

    @Test
    void deploy_activatorThatHangs_isRefusedAndGoesWhenItCan() throws Exception {
        configure("watch.ms = 100\nstart.ms = 1500\n");
        System.setProperty(TestPolicies.HANG, "true");
        try {
            Path bad =
                    TestBundle.of("test.hanging", "1.0.0")
                            .header(
                                    "Bundle-Activator",
                                    TestPolicies.HangingActivator.class.getName())
                            .header("Import-Package", "org.osgi.framework")
                            .with(TestPolicies.HangingActivator.class)
                            .with(TestPolicies.Hanging.class)
                            .with(TestPolicies.class)
                            .writeTo(elsewhere.resolve("bad.jar"));
            assertThatThrownBy(() -> deployer.deploy(bad, false))
                    .hasMessageContaining("it was still starting after 1500 ms");
            assertThat(deployer.deploy(policy("1.0.0"), false).version()).isEqualTo("1.0.0");
        } finally {
            System.clearProperty(TestPolicies.HANG);
        }
        LiveFramework.await("its end", () -> bundles("test.hanging").isEmpty());
    }

    @Test
    void deploy_partOfTheNode_isRefused() throws Exception {
        Path jar = TestBundle.of("io.silkstone.node", "99.0.0").writeTo(elsewhere.resolve("n.jar"));
        assertThatThrownBy(() -> deployer.deploy(jar, false))
                .hasMessageContaining("io.silkstone.node is a part of the node");
        Path exporter =
                TestBundle.of("test.exporter", "1.0.0")
                        .header("Export-Package", "io.silkstone.api.policy;version=\"1.0.0\"")
                        .writeTo(elsewhere.resolve("e.jar"));
        assertThatThrownBy(() -> deployer.deploy(exporter, false))
                .hasMessageContaining("exports io.silkstone.api.policy");
    }

    @Test
    void undeploy_successorOfAShippedPolicy_bringsThatBack() throws Exception {
        Bundle shipped =
                live.context()
                        .installBundle(
                                "shipped:fixed",
                                TestBundle.policy("fixed", "0.9.0", TestPolicies.Steady.class)
                                        .stream());
        shipped.start();
        LiveFramework.await("use", () -> slot.inUse().bundleId() == shipped.getBundleId());
        deployer.deploy(policy("1.0.0"), false);
        assertThat(shipped.getState()).isEqualTo(Bundle.RESOLVED);
        deployer.undeploy("test.fixed");
        LiveFramework.await("use", () -> slot.inUse().bundleId() == shipped.getBundleId());
        assertThat(home.resolve("deploy/test.fixed-1.0.0.jar.undeployed")).exists();
        assertThatThrownBy(() -> deployer.undeploy("test.fixed"))
                .hasMessageContaining("belongs to the node");
        assertThatThrownBy(() -> deployer.undeploy("test.nothing"))
                .hasMessageContaining("nothing called test.nothing is deployed");
    }

    @Test
    void directory_droppedReplacedAndRemoved_isFollowed() throws Exception {
        Path jar = home.resolve("deploy/mine.jar");
        TestBundle.policy("fixed", "1.0.0", TestPolicies.Steady.class).writeTo(jar);
        LiveFramework.await("use", () -> slot.inUse().version().equals("1.0.0"));
        TestBundle.policy("fixed", "2.0.0", TestPolicies.Steady.class).writeTo(jar);
        LiveFramework.await("use", () -> slot.inUse().version().equals("2.0.0"));
        TestBundle.policy("fixed", "3.0.0", TestPolicies.Stillborn.class).writeTo(jar);
        Path report = home.resolve("deploy/mine.jar.failed");
        LiveFramework.await("the report", () -> reads(report, "wrong quarter"));
        assertThat(report)
                .content()
                .contains("the file of " + Files.size(jar) + " bytes")
                .contains(
                        "at "
                                + Files.getLastModifiedTime(jar)
                                        .toInstant()
                                        .toString()
                                        .substring(0, 10));
        assertThat(slot.inUse().version()).isEqualTo("2.0.0");
        TestBundle.policy("fixed", "4.0.0", TestPolicies.Steady.class).writeTo(jar);
        LiveFramework.await("use", () -> slot.inUse().version().equals("4.0.0"));
        LiveFramework.await("no report", () -> !Files.exists(report));
        Files.delete(jar);
        LiveFramework.await("the built-in", () -> slot.inUse().bundleId() == -1);
        LiveFramework.await("nothing", () -> deployer.deployed().isEmpty());
    }

    @Test
    void directory_jarReplacedByOneOfAnotherName_isFollowedWithoutTheBuiltIn() throws Exception {
        Path old = home.resolve("deploy/mine-1.jar");
        TestBundle.policy("fixed", "1.0.0", TestPolicies.Steady.class).writeTo(old);
        LiveFramework.await("use", () -> slot.inUse().version().equals("1.0.0"));
        Path fresh = home.resolve("deploy/mine-2.jar");
        TestBundle.policy("fixed", "2.0.0", TestPolicies.Steady.class).writeTo(fresh);
        Files.delete(old);
        LiveFramework.await("use", () -> slot.inUse().version().equals("2.0.0"));
        Path renamed = Files.move(fresh, home.resolve("deploy/renamed.jar"));
        // Whatever the renaming causes has happened when a jar that came later is deployed.
        TestBundle.policy("other", "1.0.0", TestPolicies.Steady.class)
                .writeTo(home.resolve("deploy/other.jar"));
        LiveFramework.await("the other", () -> deployer.deployed().size() == 2);
        assertThat(renamed).exists();
        assertThat(slot.uses()).extracting(PolicyId::version).containsExactly("1.0.0", "2.0.0");
    }

    @Test
    void directory_upgradeByCommand_isNotTakenBack() throws Exception {
        configure("watch.ms = 1200\n");
        deployer.deploy(policy("1.0.0"), false);
        LiveFramework.await("use", () -> slot.inUse().version().equals("1.0.0"));
        LiveFramework.await("proof", () -> proofs() == 1);
        deployer.deploy(policy("1.1.0"), false);
        LiveFramework.await("proof", () -> proofs() == 2);
        assertThat(slot.uses()).extracting(PolicyId::version).containsExactly("1.0.0", "1.1.0");
        assertThat(deployer.deployed()).extracting(Deployed::version).containsExactly("1.1.0");
    }

    @Test
    void directory_lowerVersionThatFails_leavesTheHigherOneAtWork() throws Exception {
        Path jar = home.resolve("deploy/mine.jar");
        TestBundle.policy("fixed", "2.0.0", TestPolicies.Steady.class).writeTo(jar);
        LiveFramework.await("use", () -> slot.inUse().version().equals("2.0.0"));
        TestBundle.policy("fixed", "1.0.0", TestPolicies.Faulty.class).writeTo(jar);
        Path report = home.resolve("deploy/mine.jar.failed");
        LiveFramework.await("the report", () -> reads(report, "no idea"));
        LiveFramework.await("its return", () -> slot.inUse().version().equals("2.0.0"));
        assertThat(bundles("test.fixed"))
                .extracting(bundle -> bundle.getVersion().toString())
                .containsExactly("2.0.0");
        TestBundle.policy("fixed", "1.1.0", TestPolicies.Steady.class).writeTo(jar);
        LiveFramework.await("use", () -> slot.inUse().version().equals("1.1.0"));
        LiveFramework.await("its end", () -> bundles("test.fixed").size() == 1);
    }

    @Test
    void health_whileABundleIsWatched_answers() throws Exception {
        configure("watch.ms = 4000\n");
        Node node = live.service(Node.class);
        TestBundle.policy("fixed", "1.0.0", TestPolicies.Steady.class)
                .writeTo(home.resolve("deploy/mine.jar"));
        LiveFramework.await("its start", () -> !bundles("test.fixed").isEmpty());
        assertThat(node.health())
                .filteredOn(health -> health.check().equals("deployments"))
                .extracting(Health::status)
                .containsExactly("ok");
        assertThat(deployer.deployed()).isEmpty();
    }

    @Test
    void restart_deployedBundle_isBack() throws Exception {
        deployer.deploy(policy("1.0.0"), false);
        LiveFramework.await("proof", () -> Files.exists(home.resolve("data/deployed")));
        live.close();
        startNode();
        LiveFramework.await("its return", () -> slot.inUse().name().equals("fixed"));
        // It is watched again, and no deployed bundle until that is over.
        LiveFramework.await("the end of its probation", () -> !deployer.deployed().isEmpty());
        assertThat(deployer.deployed()).extracting(Deployed::version).containsExactly("1.0.0");
    }

    private void startNode() throws Exception {
        live = LiveFramework.withNode(home);
        live.register(slot);
        deployer = live.service(BundleDeployer.class);
        directory = live.service(PolicyDirectory.class);
    }

    private void configure(String settings) throws Exception {
        Path file = home.resolve("etc/io.silkstone.node.deployer.cfg");
        Files.writeString(file, settings);
        // A component's properties, its service's too, change after it has taken the new ones.
        ServiceReference<?> service = live.context().getServiceReference(BundleDeployer.class);
        LiveFramework.await(
                "the edit",
                () ->
                        settings.lines()
                                .map(line -> line.split(" = "))
                                .allMatch(
                                        setting ->
                                                setting[1].equals(
                                                        String.valueOf(
                                                                service.getProperty(setting[0])))));
    }

    private int proofs() {
        try {
            Path proven = home.resolve("data/deployed");
            return Files.exists(proven) ? Files.readAllLines(proven).size() : 0;
        } catch (java.io.IOException changing) {
            return 0;
        }
    }

    private Path policy(String version) throws Exception {
        return TestBundle.policy("fixed", version, TestPolicies.Steady.class)
                .writeTo(elsewhere.resolve("fixed-" + version + ".jar"));
    }

    private java.util.List<Bundle> bundles(String symbolicName) {
        return Stream.of(live.context().getBundles())
                .filter(bundle -> symbolicName.equals(bundle.getSymbolicName()))
                .toList();
    }

    private static boolean reads(Path file, String text) {
        try {
            return Files.exists(file) && Files.readString(file).contains(text);
        } catch (java.io.IOException changing) {
            return false;
        }
    }
}
