/** Output of `vagrant --machine-readable`, recorded from Vagrant 2.3.4 with vagrant-lxc 1.4.3; paths shortened. */

/** `up` with an init script that prints `a,b`, a backslash and an n, and complains of a disk (the guest's own) that is full. */
export const FAILED_PROVISIONER = `1795480500,default,metadata,provider,lxc
1795480500,,ui,info,Bringing machine 'default' up with 'lxc' provider...
1795480500,default,action,up,start
1795480501,default,action,ssh_ip,end
1795480501,default,ui,output,==> default: Machine booted and ready!
1795480504,default,ui,info,==> default: Running provisioner: shell...
1795480504,default,ui,detail,    default: Running: /tmp/vagrant-shell20261124-8151-bwx0to.sh
1795480504,default,ui,detail,    default: a%!(VAGRANT_COMMA)b
1795480504,default,ui,detail,    default: lit\\nx
1795480504,default,ui,detail,    default: err
1795480504,default,ui,detail,    default: No space left on device
1795480504,,ui,error,The SSH command responded with a non-zero exit status. Vagrant\\nassumes that this means the command failed. The output for this command\\nshould be in the log above. Please read the output to determine what\\nwent wrong.
1795480504,,error-exit,Vagrant::Errors::VagrantError,The SSH command responded with a non-zero exit status. Vagrant\\nassumes that this means the command failed. The output for this command\\nshould be in the log above. Please read the output to determine what\\nwent wrong.
`;

export const WRONG_DIGEST = `1795480497,box,ui,output,==> box: Adding box 'mini' (v1.0.0) for provider: lxc
1795480497,box,ui,detail,    box: Calculating and comparing box checksum...
1795480497,,ui,error,The checksum of the downloaded box did not match the expected\\nvalue. Please verify that you have the proper URL setup and that\\nyou're downloading the proper file.\\n\\nExpected: ffff\\nReceived: 6e10
1795480497,,error-exit,Vagrant::Errors::BoxChecksumMismatch,The checksum of the downloaded box did not match the expected\\nvalue. Please verify that you have the proper URL setup and that\\nyou're downloading the proper file.\\n\\nExpected: ffff\\nReceived: 6e10
`;

export const UNKNOWN_SETTING = `1795480507,default,metadata,provider,lxc
1795480507,default,action,destroy,start
1795480507,,error-exit,Vagrant::Errors::ConfigInvalid,There are errors in the configuration of this machine. Please fix\\nthe following errors and try again:\\n\\nvm:\\n* The following settings shouldn't exist: nonsense\\n\\n
`;

export const NO_SUCH_PROVIDER = `1795480512,,error-exit,Vagrant::Errors::ProviderNotFound,The provider 'libvirt' could not be found%!(VAGRANT_COMMA) but was requested to\\nback the machine 'default'. Please use a provider that exists.
`;

export const DAMAGED_INDEX = `1795480512,,error-exit,Vagrant::Errors::CorruptMachineIndex,The machine index which stores all required information about\\nrunning Vagrant environments has become corrupt. This is usually\\ncaused by external tampering of the Vagrant data folder.
`;

/** On standard error; standard output is empty. */
export const EARLY = {
  missingVariable: `Vagrant failed to initialize at a very early stage:

There was an error loading a Vagrantfile. The file being loaded
and the error message are shown below. This is usually caused by
a syntax error.

Path: /g/Vagrantfile
Line number: 0
Message: KeyError: key not found: "TOK"
`,
  syntaxError: `Vagrant failed to initialize at a very early stage:

There is a syntax error in the following Vagrantfile. The syntax error
message is reproduced below for convenience:

/g/Vagrantfile:1: syntax error, unexpected end-of-input
Vagrant.configure("2") do |c|
                             ^
`,
  damagedIndex: `Vagrant failed to initialize at a very early stage:

The machine index which stores all required information about
running Vagrant environments has become corrupt. This is usually
caused by external tampering of the Vagrant data folder.
`,
};
