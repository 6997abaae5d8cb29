package io.moongate.multinode.harness;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * Tests that use the cluster of {@link ClusterExtension} and leave all of it standing: others may
 * use it meanwhile. What breaks something of it is of {@link ClusterAlone}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(ClusterExtension.class)
@ResourceLock(value = ClusterExtension.CLUSTER, mode = ResourceAccessMode.READ)
public @interface ClusterShared {}
