package io.silkstone.shell.console;

import io.silkstone.shell.command.CommandCatalog;
import io.silkstone.shell.session.InteractiveShell;
import io.silkstone.shell.session.NodeHome;
import org.apache.felix.service.command.CommandProcessor;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.condition.Condition;

/**
 * Opens the shell on the node's own terminal when the launcher asks for it with the framework
 * property {@code silkstone.console=true}, which it does for a node in the foreground that has one.
 * The launcher says when: what it prints itself comes before the first prompt.
 */
@Component(
        name = "io.silkstone.shell.console",
        service = {},
        immediate = true)
public final class ConsoleComponent {
    private static final System.Logger LOGGER = System.getLogger(ConsoleComponent.class.getName());
    private static final String WANTED = "silkstone.console";
    private static final String READY = "(osgi.condition.id=silkstone.ready)";
    private static final String LEAVING = "Ctrl-D stops the node.";

    private final ConsoleShell console;

    /** Called by the component runtime. */
    @Activate
    public ConsoleComponent(
            BundleContext context,
            @Reference CommandProcessor processor,
            @Reference CommandCatalog catalog) {
        if (!Boolean.parseBoolean(context.getProperty(WANTED))) {
            console = null;
            return;
        }
        NodeHome home = NodeHome.of(context);
        InteractiveShell shell = new InteractiveShell(processor, catalog, home.history());
        console = new ConsoleShell(shell, home.welcome(LEAVING), () -> stopNode(context));
    }

    /** The node serves, and the launcher has said so. */
    @Reference(
            target = READY,
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC)
    void setReady(Condition ready) {
        if (console != null) {
            console.start();
        }
    }

    void unsetReady(Condition ready) {
        // The node is stopping; so will this component.
    }

    @Deactivate
    void close() {
        if (console != null) {
            console.close();
        }
    }

    private static void stopNode(BundleContext context) {
        try {
            context.getBundle(0).stop();
        } catch (BundleException | IllegalStateException e) {
            LOGGER.log(System.Logger.Level.WARNING, "The node did not stop.", e);
        }
    }
}
