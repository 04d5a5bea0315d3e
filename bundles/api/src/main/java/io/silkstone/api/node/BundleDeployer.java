package io.silkstone.api.node;

import java.nio.file.Path;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Puts bundles into the running node: verifies, installs, resolves as a trial, starts, watches, and
 * goes back when that fails. The {@code deploy} directory and the shell command both end here; one
 * deployment at a time.
 */
@ProviderType
public interface BundleDeployer {
    /**
     * Deploys the bundle at {@code jar}. A bundle of the same symbolic name and a lower version is
     * replaced: the new one is installed beside it, takes over, and the old one goes.
     *
     * @param dryRun verifies and resolves only; nothing stays installed
     * @throws DeployRefused when it was refused or rolled back; the version before goes on
     */
    Deployed deploy(Path jar, boolean dryRun) throws DeployRefused;

    /**
     * Removes what was deployed under {@code symbolicName}.
     *
     * @throws DeployRefused when it was not deployed here but belongs to the node
     */
    void undeploy(String symbolicName) throws DeployRefused;

    /** What was deployed since the node was installed. */
    List<Deployed> deployed();

    /**
     * A deployed bundle.
     *
     * @param symbolicName its symbolic name
     * @param version its version
     * @param bundleId its number, -1 after a dry run
     * @param replaced version that it replaced, or empty
     * @param note what an operator should know, one sentence
     */
    record Deployed(
            String symbolicName, String version, long bundleId, String replaced, String note) {}
}
